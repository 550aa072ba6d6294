"""The query language: from a string to a `whoosh.query` tree. `newsindex.index` calls `parse`, and so may anyone.

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

The string is cut up by `newsindex.query.lexer`, and the pieces are put together here. Whoosh's own plugins recurse
once per parenthesis, take time that grows exponentially with nested + signs, and read as words what they do not
understand; and its `QueryParser`, with one plugin that does all of this, took as long as scanning and building do.

Texts in the tree are raw words; `newsindex.query.plan` analyses them. A text that begins with = is an exact form.
Every leaf has the `startchar` of its clause, so that later errors can say where they are.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Final

import attrs
from whoosh import query as wq

from newsindex.errors import QueryError
from newsindex.query import dates, fields, lexer, plain
from newsindex.query.builders import AnyWord, Phrase, date_range
from newsindex.query.lexer import Kind, Lexeme
from newsindex.query.nodes import TEXT

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
    match_all = plain.is_all(match)
    if isinstance(text, str) and (terms := _plain_words(text)):
        return _group(wq.And if match_all else AnyWord, terms)
    return _Builder(text, now, match_all).run(lexer.scan(text))


def _plain_words(text: str) -> list[wq.Term]:
    """The words of a string that is nothing but a few words, which need no parser. Else none."""
    terms, start = [], 0
    for word in plain.words(text):
        term = wq.Term(TEXT, word)
        term.startchar, term.endchar = start, start + len(word)
        start = term.endchar + 1
        terms.append(term)
    return terms


@attrs.define
class _Operand:
    """A part of the query that is understood: its tree, and the leaves in it that have no field yet."""

    tree: wq.Query
    bare: list[wq.Query]
    start: int
    end: int
    sign: Lexeme | None = None


class _Builder:
    """Puts lexemes together in one pass, with the open groups on its own stack, so that depth costs no recursion."""

    def __init__(self, text: str, now: dt.datetime | None, match_all: bool) -> None:
        self.text = text
        self.now = now
        self.match_all = match_all
        self.dates: list[tuple[wq.Query, Lexeme]] = []  # leaves that only a field of dates may have
        self.groups: list[list[Lexeme | _Operand]] = [[]]

    def run(self, lexemes: Iterable[Lexeme]) -> wq.Query:
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
            _weigh(operand, lexeme.number)
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

    def leaf(self, lexeme: Lexeme) -> _Operand:
        if lexeme.kind is Kind.RANGE:
            opening, first, last, closing = lexeme.parts
            tree = date_range(first or None, last or None, after=opening == "{", before=closing == "}")
        elif lexeme.kind is Kind.PHRASE:
            tree = Phrase(None, list(lexeme.parts), slop=int(lexeme.number) + 1)
        elif lexeme.kind is Kind.FUZZY:
            tree = wq.FuzzyTerm(None, lexeme.text, maxdist=int(lexeme.number), prefixlength=0)
        elif lexeme.kind is Kind.PATTERN:
            tree = _pattern(lexeme.text)
        else:
            tree = wq.Term(None, lexeme.text)
        tree.startchar, tree.endchar, tree.fieldname = lexeme.start, lexeme.end, None
        if lexeme.kind in (Kind.RANGE, Kind.COMPARE):
            self.dates.append((tree, lexeme))
        return _Operand(tree, [tree], lexeme.start, lexeme.end)

    def check_range(self, leaf: wq.Query, lexeme: Lexeme) -> None:
        try:
            dates.compare(leaf.text, self.now)
        except QueryError as error:
            raise lexer.relocate(error, self.text, lexeme.start) from error.__cause__

    def combine(self, items: list[Lexeme | _Operand], start: int) -> _Operand:
        """One operand out of a group: NOT and signs first, then AND, then OR, then what stands side by side."""
        rows = [self.row(row) for row in self.rows(items)]
        required = [row.tree for row in rows if _is_signed(row, Kind.PLUS)]
        barred = [row.tree for row in rows if _is_signed(row, Kind.NOT)]
        plain = [row.tree for row in rows if row.sign is None]
        if self.match_all:
            tree = _group(wq.And, [row.tree for row in rows])
        else:
            tree = _group(AnyWord, plain) if plain else None
            if required:
                need = _group(wq.And, required)
                tree = need if tree is None else wq.AndMaybe(need, tree)
            if barred:
                tree = _group(wq.And, barred if tree is None else [tree, *barred])
        return _Operand(tree, [leaf for row in rows for leaf in row.bare], start, rows[-1].end)

    def rows(self, items: list[Lexeme | _Operand]) -> list[list[list[_Operand]]]:
        """The operands of a group, as a list of alternatives, each a list of what AND joins."""
        rows: list[list[list[_Operand]]] = []
        infix: Lexeme | None = None
        prefix: Lexeme | None = None
        for item in items:
            if isinstance(item, _Operand):
                self.check_adjacent(prefix, item)
                operand = _signed(item, prefix)
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
        tree = _group(wq.Or, [_group(wq.And, [operand.tree for operand in part]) for part in row])
        bare = [leaf for operand in operands for leaf in operand.bare]
        return _Operand(tree, bare, operands[0].start, operands[-1].end, plus.sign if plus else None)

    def dangling(self, lexeme: Lexeme) -> QueryError:
        written = self.text[lexeme.start : lexeme.end]
        hint = f"put a word there, or write {written} in quotes if it is one"
        return self.error(f"{written!r} has nothing to work on", lexeme.start, hint)


def _pattern(text: str) -> wq.Query:
    # A prefix also stands for *, which Whoosh would turn into an Every that swallows its neighbours.
    stem = text.rstrip("*")
    if stem != text and "*" not in stem and "?" not in stem:
        return wq.Prefix(None, stem)
    return wq.Wildcard(None, text)


def _signed(operand: _Operand, sign: Lexeme | None) -> _Operand:
    if sign is None:
        return operand
    tree = operand.tree
    if sign.kind is Kind.NOT:
        tree = wq.Not(tree)
    elif type(tree) is wq.Term and tree.text[0] not in "<>[{":
        # A stop word that is required counts, as it does in a phrase.
        tree = Phrase(tree.fieldname, [tree.text], boost=tree.boost)
        tree.startchar, tree.endchar = operand.tree.startchar, operand.tree.endchar
    bare = [tree if leaf is operand.tree and sign.kind is Kind.PLUS else leaf for leaf in operand.bare]
    return _Operand(tree, bare, sign.start, operand.end, sign)


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


def _weigh(operand: _Operand, weight: float) -> None:
    tree = operand.tree
    if isinstance(tree, wq.Not | wq.AndMaybe):
        operand.tree = wq.And([tree], boost=weight)
    else:
        tree.boost *= weight


def _group(kind: type[wq.Query], trees: list[wq.Query]) -> wq.Query:
    return trees[0] if len(trees) == 1 else kind(trees)
