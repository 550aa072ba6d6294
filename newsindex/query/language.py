"""The query language: from a string to a tree. `newsindex.index` calls `read`; `parse` may be called by anyone.

=========================================  =====================================================================
``guvern buget``                           both words (or either, with match="any"), in any form
``"trupele nord-coreene"``  ``„…” «…» “…”``  these words in this order; ``"…"~3``: up to 3 other words between them
``=fața``  ``="trupelor"``  ``"=fața palatului"``  exactly this form, alone, for a whole phrase or for a word of one
``inflați*``  ``minis?ru``  ``Iohanis~1``    beginning, pattern, similar spelling (1 or 2 letters differ)
``titlu:buget``  ``sursa:(Alfa SAU Beta)``   field of a word, phrase or group; any other name is a key of ``extra``
``data:2025-08``  ``data:>=2025-08-15``      published in, since, after, until, before a date
``data:ieri``  ``data:"15 august 2025"``     dates in Romanian, see `newsindex.query.date_words`
``data:[2025-01 TO 2025-03]``  ``{… TO …}``  range of dates, inclusive, exclusive; either end may be missing
``ȘI SAU NU``  ``AND OR NOT``  ``+a -b``     in capitals; NU binds most, then ȘI, then SAU, then standing side by side
``guvern^2``  ``(a SAU b)^0.5``              weighs more, or less
``*``  ``*:*``                               every article
``\\*``                                       what follows is no operator
=========================================  =====================================================================

The string is cut up by `newsindex.query._lexer`, and the pieces are put together here: by `parse` as a tree of Whoosh,
for whoever wants to look at it or to combine it with others, and by `read`, for searches, as the same tree of lighter
nodes. Whoosh's own plugins recurse once per parenthesis, take time that grows exponentially with nested + signs, and
read as words what they do not understand.

Texts in the tree are raw words; `newsindex.query.plan` analyses them. A text that begins with = is an exact form.
Every leaf has the `startchar` of its clause, so that later errors can say where they are.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

import attrs

from newsindex.errors import QueryError
from newsindex.query import dates, fields, plain
from newsindex.query._lexer import Lexeme, scan
from newsindex.query.lexer import Kind, relocate
from newsindex.query.nodes import TEXT
from newsindex.query.syntax import OWN, Family

if TYPE_CHECKING:
    from whoosh import query as wq

Tree = Any  # a node of either family

_INFIX: Final = (Kind.AND, Kind.OR)
_PREFIX: Final = (Kind.NOT, Kind.PLUS)


def parse(text: str, match: str = "all", now: dt.datetime | None = None) -> wq.Query:
    """The tree of a query string.

    Args:
        text: in the language above.
        match: "all" to require every word that stands beside another, "any" to require one of them.
        now: what dates such as "ieri" are counted from, where a range of them is checked; the default is the present.

    Raises:
        QueryError: the string cannot be understood, or is over a limit of `newsindex.query.lexer`; it says where.

    >>> parse("titlu:buget -guvern")
    And([Term('title', 'buget'), Not(Term('text', 'guvern'))])
    >>> parse('președinte "Coreei de Nord"~2', match="any")
    AnyWord([Term('text', 'președinte'), Phrase('text', ['Coreei', 'de', 'Nord'], slop=3, boost=1.000000)])
    """
    from newsindex.query.builders import WHOOSH

    return _Builder(text, now, plain.is_all(match), WHOOSH).run(scan(text))


def read(text: str, match: str = "all", now: dt.datetime | None = None) -> Tree:
    """The tree that `parse` gives, of the nodes of `newsindex.query.syntax`.

    >>> read("titlu:buget")
    Term(fieldname='title', text='buget', boost=1.0, startchar=0, endchar=11)
    """
    return _Builder(text, now, plain.is_all(match), OWN).run(scan(text))


@attrs.define
class _Operand:
    """A part of the query that is understood: its tree, and the leaves in it that have no field yet."""

    tree: Tree
    bare: list[Tree]
    start: int
    end: int
    sign: Lexeme | None = None


class _Builder:
    """Puts lexemes together in one pass, with the open groups on its own stack, so that depth costs no recursion."""

    def __init__(self, text: str, now: dt.datetime | None, match_all: bool, make: Family) -> None:
        self.text = text
        self.make = make
        self.now = now
        self.match_all = match_all
        self.dates: list[tuple[Tree, Lexeme]] = []  # leaves that only a field of dates may have
        self.groups: list[list[Lexeme | _Operand]] = [[]]

    def run(self, lexemes: Iterable[Lexeme]) -> Tree:
        for lexeme in lexemes:
            self.take(lexeme)
        if not self.groups[0]:
            raise self.error("the query is empty", 0, "write at least one word, or * for every article")
        result = self.combine(self.groups[0], 0)
        _set_field(result, TEXT, None)
        for leaf, lexeme in self.dates:
            if fields.known(leaf.fieldname) != fields.DATE:
                raise self.error("ranges and comparisons are for dates only", lexeme.start, "write data: before it")
            if lexeme.kind is Kind.RANGE:
                self.check_range(leaf, lexeme)
        return result.tree

    def error(self, message: str, position: int | None, hint: str) -> QueryError:
        return QueryError(message, query=self.text, position=position, hint=hint)

    def take(self, lexeme: Lexeme) -> None:
        group = self.groups[-1]
        if lexeme.kind is Kind.SPACE:
            return
        if lexeme.kind is Kind.OPEN:
            group.append(lexeme)
            self.groups.append([])
        elif lexeme.kind is Kind.CLOSE:
            items = self.groups.pop()
            opening = self.groups[-1].pop()
            assert isinstance(opening, Lexeme)  # noqa: S101 -- the lexer has balanced them
            if not items:
                raise self.error("there is nothing between '(' and ')'", opening.start, "write a word there")
            inner = self.combine(items, opening.start)
            inner.start, inner.end = opening.start, lexeme.end
            self.add(inner)
        elif lexeme.kind is Kind.BOOST:
            operand = group[-1]
            assert isinstance(operand, _Operand)  # noqa: S101 -- the lexer takes ^ nowhere else
            self.weigh(operand, lexeme.number)
        elif lexeme.kind in (Kind.FIELD, *_INFIX, *_PREFIX):
            group.append(lexeme)
        else:
            self.add(self.leaf(lexeme))

    def add(self, operand: _Operand) -> None:
        """Append an operand to the innermost group, under the field that stands right before it."""
        group = self.groups[-1]
        if group and isinstance(group[-1], Lexeme) and group[-1].kind is Kind.FIELD and group[-1].end == operand.start:
            name = group.pop()
            assert isinstance(name, Lexeme)  # noqa: S101 -- seen a line above
            _set_field(operand, fields.known(name.text) or name.text, name.start)
        group.append(operand)

    def weigh(self, operand: _Operand, weight: float) -> None:
        tree = operand.tree
        if isinstance(tree, self.make.negation | self.make.maybe):
            operand.tree = self.make.all([tree], boost=weight)
        else:
            tree.boost *= weight

    def leaf(self, lexeme: Lexeme) -> _Operand:
        if lexeme.kind is Kind.RANGE:
            opening, first, last, closing = lexeme.parts
            text = dates.range_text(first or None, last or None, after=opening == "{", before=closing == "}")
            tree = self.make.term(None, text)
        elif lexeme.kind is Kind.PHRASE:
            tree = self.make.phrase(None, list(lexeme.parts), slop=int(lexeme.number) + 1)
        elif lexeme.kind is Kind.FUZZY:
            tree = self.make.fuzzy(None, lexeme.text, maxdist=int(lexeme.number), prefixlength=0)
        elif lexeme.kind is Kind.PATTERN:
            tree = self.pattern(lexeme.text)
        else:
            tree = self.make.term(None, lexeme.text)
        tree.startchar, tree.endchar, tree.fieldname = lexeme.start, lexeme.end, None
        if lexeme.kind in (Kind.RANGE, Kind.COMPARE):
            self.dates.append((tree, lexeme))
        return _Operand(tree, [tree], lexeme.start, lexeme.end)

    def pattern(self, text: str) -> Tree:
        # A prefix also stands for *, which Whoosh would turn into an Every that swallows its neighbours.
        stem = text.rstrip("*")
        if stem != text and "*" not in stem and "?" not in stem:
            return self.make.prefix(None, stem)
        return self.make.wildcard(None, text)

    def check_range(self, leaf: Tree, lexeme: Lexeme) -> None:
        try:
            dates.compare(leaf.text, self.now)
        except QueryError as error:
            raise relocate(error, self.text, lexeme.start) from error.__cause__

    def combine(self, items: list[Lexeme | _Operand], start: int) -> _Operand:
        """One operand out of a group: NOT and signs first, then AND, then OR, then what stands side by side."""
        rows = [self.row(row) for row in self.rows(items)]
        required = [row.tree for row in rows if _is_signed(row, Kind.PLUS)]
        barred = [row.tree for row in rows if _is_signed(row, Kind.NOT)]
        plain = [row.tree for row in rows if row.sign is None]
        if self.match_all:
            tree = _group(self.make.all, [row.tree for row in rows])
        else:
            tree = _group(self.make.any_word, plain) if plain else None
            if required:
                need = _group(self.make.all, required)
                tree = need if tree is None else self.make.maybe(need, tree)
            if barred:
                tree = _group(self.make.all, barred if tree is None else [tree, *barred])
        return _Operand(tree, [leaf for row in rows for leaf in row.bare], start, rows[-1].end)

    def rows(self, items: list[Lexeme | _Operand]) -> list[list[list[_Operand]]]:
        """The operands of a group, as a list of alternatives, each a list of what AND joins."""
        rows: list[list[list[_Operand]]] = []
        infix: Lexeme | None = None
        prefix: Lexeme | None = None
        for item in items:
            if isinstance(item, _Operand):
                self.check_adjacent(prefix, item)
                operand = item if prefix is None else self.signed(item, prefix)
                if infix is None:
                    rows.append([[operand]])
                elif infix.kind is Kind.OR:
                    rows[-1].append([operand])
                else:
                    rows[-1][-1].append(operand)
                infix = prefix = None
                continue
            if item.kind is Kind.FIELD or prefix or (item.kind in _INFIX and (infix or not rows)):
                raise self.dangling(prefix or item)
            if item.kind in _INFIX:
                infix = item
            else:
                prefix = item
        if last := prefix or infix:
            raise self.dangling(last)
        return rows

    def signed(self, operand: _Operand, sign: Lexeme) -> _Operand:
        tree = operand.tree
        if sign.kind is Kind.NOT:
            tree = self.make.negation(tree)
        elif type(tree) is self.make.term and tree.text[0] not in "<>[{":
            # A stop word that is required counts, as it does in a phrase.
            tree = self.make.phrase(tree.fieldname, [tree.text], boost=tree.boost)
            tree.startchar, tree.endchar = operand.tree.startchar, operand.tree.endchar
        bare = [tree if leaf is operand.tree and sign.kind is Kind.PLUS else leaf for leaf in operand.bare]
        return _Operand(tree, bare, sign.start, operand.end, sign)

    def check_adjacent(self, prefix: Lexeme | None, operand: _Operand) -> None:
        if prefix is not None and not prefix.text and prefix.end != operand.start:
            raise self.dangling(prefix)

    def row(self, row: list[list[_Operand]]) -> _Operand:
        operands = [operand for alternative in row for operand in alternative]
        if len(operands) == 1:
            return operands[0]
        plus = next((operand for operand in operands if _is_signed(operand, Kind.PLUS)), None)
        if plus and len(row) > 1:
            raise self.error("'+' requires what OR makes optional", plus.start, "leave out '+', or join them with AND")
        tree = _group(self.make.any, [_group(self.make.all, [operand.tree for operand in part]) for part in row])
        bare = [leaf for operand in operands for leaf in operand.bare]
        return _Operand(tree, bare, operands[0].start, operands[-1].end, plus.sign if plus else None)

    def dangling(self, lexeme: Lexeme) -> QueryError:
        written = self.text[lexeme.start : lexeme.end]
        hint = f"put a word there, or write {written} in quotes if it is one"
        return self.error(f"{written!r} has nothing to work on", lexeme.start, hint)


def _is_signed(operand: _Operand, kind: Kind) -> bool:
    return operand.sign is not None and operand.sign.kind is kind


def _set_field(operand: _Operand, name: str, start: int | None) -> None:
    for leaf in operand.bare:
        leaf.fieldname = name
        if start is not None:
            leaf.startchar = start
    operand.bare = []
    if start is not None:
        operand.start = start


def _group(kind: Any, trees: list[Tree]) -> Tree:
    return trees[0] if len(trees) == 1 else kind(trees)
