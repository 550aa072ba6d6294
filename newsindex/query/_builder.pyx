# cython: language_level=3
"""`Builder`: from the lexemes of a query string to a tree, the second step of `newsindex.query.language`, its only caller.

Compiled for the same reason as the first, `newsindex.query._lexer`.
"""

from newsindex.errors import QueryError
from newsindex.query import dates, fields
from newsindex.query.lexer import Kind, relocate

from newsindex.query._lexer cimport Lexeme

cdef object SPACE = Kind.SPACE, OPEN = Kind.OPEN, CLOSE = Kind.CLOSE, AND = Kind.AND, OR = Kind.OR, NOT = Kind.NOT
cdef object PLUS = Kind.PLUS, FIELD = Kind.FIELD, PATTERN = Kind.PATTERN, FUZZY = Kind.FUZZY, PHRASE = Kind.PHRASE
cdef object RANGE = Kind.RANGE, COMPARE = Kind.COMPARE, BOOST = Kind.BOOST


cdef class Operand:
    """A part of the query that is understood: its tree, and the leaves in it that have no field yet."""

    cdef object tree
    cdef list bare
    cdef Py_ssize_t start
    cdef Py_ssize_t end
    cdef Lexeme sign

    cdef inline bint is_signed(self, object kind):
        return self.sign is not None and self.sign.kind is kind

    cdef int set_field(self, str name) except -1:
        for leaf in self.bare:
            leaf.fieldname = name
        self.bare = []
        return 0


cdef Operand operand_of(object tree, list bare, Py_ssize_t start, Py_ssize_t end, Lexeme sign=None):
    cdef Operand made = Operand.__new__(Operand)
    made.tree, made.bare, made.start, made.end, made.sign = tree, bare, start, end, sign
    return made


cdef class Builder:
    """Puts lexemes together in one pass, with the open groups on its own stack, so that depth costs no recursion.

    Args:
        text: the string, for errors.
        now: what dates such as "ieri" are counted from.
        match_all: whether all of what stands side by side is required.
        make: the classes of the tree's nodes, a `newsindex.query.syntax.Family`.
    """

    cdef object text, now, make
    cdef bint match_all
    cdef list dates  # leaves that only a field of dates may have, with their lexemes
    cdef list groups  # of each open group the operands and lexemes so far

    def __init__(self, text, now, bint match_all, make):
        self.text, self.now, self.match_all, self.make = text, now, match_all, make
        self.dates = []
        self.groups = [[]]

    def run(self, list lexemes):
        """The tree of all lexemes.

        Raises:
            QueryError: they do not make one.
        """
        cdef Lexeme lexeme
        cdef Operand result
        for lexeme in lexemes:
            if lexeme.kind is not SPACE:
                self.take(lexeme)
        if not self.groups[0]:
            raise self.error("the query is empty", 0, "write at least one word, or * for every article")
        result = self.combine(self.groups[0], 0)
        result.set_field(fields.TEXT)
        for leaf, lexeme in self.dates:
            if fields.known(leaf.fieldname) != fields.DATE:
                raise self.error("ranges and comparisons are for dates only", lexeme.start, "write data: before it")
            if lexeme.kind is RANGE:
                self.check_range(leaf, lexeme)
        return result.tree

    cdef object error(self, str message, Py_ssize_t position, str hint):
        return QueryError(message, query=self.text, position=position, hint=hint)

    cdef int take(self, Lexeme lexeme) except -1:
        cdef object kind = lexeme.kind
        cdef list group = self.groups[len(self.groups) - 1]
        if kind is OPEN:
            group.append(lexeme)
            self.groups.append([])
        elif kind is CLOSE:
            self.close(lexeme)
        elif kind is BOOST:
            self.weigh(<Operand?>group[len(group) - 1], lexeme.number)
        elif kind is FIELD or is_infix(kind) or kind is NOT or kind is PLUS:
            group.append(lexeme)
        else:
            self.add(self.leaf(lexeme))
        return 0

    cdef int close(self, Lexeme lexeme) except -1:
        cdef list items = self.groups.pop()
        cdef Lexeme opening = (<list>self.groups[len(self.groups) - 1]).pop()
        cdef Operand inner
        if not items:
            raise self.error("there is nothing between '(' and ')'", opening.start, "write a word there")
        inner = self.combine(items, opening.start)
        inner.end = lexeme.end
        return self.add(inner)

    cdef int add(self, Operand operand) except -1:
        """Append an operand to the innermost group, under the field that stands right before it."""
        cdef list group = self.groups[len(self.groups) - 1]
        cdef Lexeme name
        if group and isinstance(group[len(group) - 1], Lexeme):
            name = group[len(group) - 1]
            if name.kind is FIELD and name.end == operand.start:
                group.pop()
                for leaf in operand.bare:
                    leaf.startchar = name.start
                operand.start = name.start
                operand.set_field(fields.known(name.text) or name.text)
        group.append(operand)
        return 0

    cdef int weigh(self, Operand operand, double weight) except -1:
        tree = operand.tree
        if isinstance(tree, (self.make.negation, self.make.maybe)):
            operand.tree = self.make.all([tree], weight)
        else:
            tree.boost *= weight
        return 0

    # Leaves.

    cdef Operand leaf(self, Lexeme lexeme):
        cdef object kind = lexeme.kind, tree
        if kind is RANGE:
            opening, first, last, closing = lexeme.parts
            text = dates.range_text(first or None, last or None, after=opening == "{", before=closing == "}")
            tree = self.make.term(None, text)
        elif kind is PHRASE:
            tree = self.make.phrase(None, list(lexeme.parts), <int>lexeme.number + 1)
        elif kind is FUZZY:
            tree = self.make.fuzzy(None, lexeme.text, 1.0, <int>lexeme.number, 0)
        elif kind is PATTERN:
            tree = self.pattern(lexeme.text)
        else:
            tree = self.make.term(None, lexeme.text)
        tree.startchar, tree.endchar, tree.fieldname = lexeme.start, lexeme.end, None
        if kind is RANGE or kind is COMPARE:
            self.dates.append((tree, lexeme))
        return operand_of(tree, [tree], lexeme.start, lexeme.end)

    cdef object pattern(self, str text):
        # A prefix also stands for *, which Whoosh would turn into an Every that swallows its neighbours.
        cdef str stem = text.rstrip("*")
        if len(stem) != len(text) and "*" not in stem and "?" not in stem:
            return self.make.prefix(None, stem)
        return self.make.wildcard(None, text)

    cdef int check_range(self, object leaf, Lexeme lexeme) except -1:
        try:
            dates.compare(leaf.text, self.now)
        except QueryError as error:
            raise relocate(error, self.text, lexeme.start) from error.__cause__
        return 0

    # Groups.

    cdef Operand combine(self, list items, Py_ssize_t start):
        """One operand out of a group: NOT and signs first, then AND, then OR, then what stands side by side."""
        cdef list rows = [], bare = [], trees = [], required = [], barred = [], plain = []
        cdef Operand row
        for alternatives in self.rows(items):
            row = self.row(alternatives)
            rows.append(row)
            bare += row.bare
            trees.append(row.tree)
            (required if row.is_signed(PLUS) else barred if row.is_signed(NOT) else plain).append(row.tree)
        if self.match_all:
            tree = group_of(self.make.all, trees)
        else:
            tree = group_of(self.make.any_word, plain) if plain else None
            if required:
                need = group_of(self.make.all, required)
                tree = need if tree is None else self.make.maybe(need, tree)
            if barred:
                tree = group_of(self.make.all, barred if tree is None else [tree, *barred])
        return operand_of(tree, bare, start, row.end)

    cdef list rows(self, list items):
        """The operands of a group, as a list of alternatives, each a list of what AND joins."""
        cdef list rows = [], alternatives
        cdef Lexeme infix = None, prefix = None, lexeme
        cdef Operand operand
        for item in items:
            if isinstance(item, Operand):
                operand = self.signed(item, prefix)
                if infix is None:
                    rows.append([[operand]])
                else:
                    alternatives = rows[len(rows) - 1]
                    if infix.kind is OR:
                        alternatives.append([operand])
                    else:
                        (<list>alternatives[len(alternatives) - 1]).append(operand)
                infix = prefix = None
                continue
            lexeme = item
            if lexeme.kind is FIELD or prefix is not None or (is_infix(lexeme.kind) and (infix is not None or not rows)):
                raise self.dangling(lexeme if prefix is None else prefix)
            if is_infix(lexeme.kind):
                infix = lexeme
            else:
                prefix = lexeme
        if prefix is not None or infix is not None:
            raise self.dangling(infix if prefix is None else prefix)
        return rows

    cdef Operand signed(self, Operand operand, Lexeme sign):
        cdef object tree = operand.tree
        if sign is None:
            return operand
        if not sign.text and sign.end != operand.start:
            raise self.dangling(sign)
        if sign.kind is NOT:
            return operand_of(self.make.negation(tree), operand.bare, sign.start, operand.end, sign)
        if type(tree) is self.make.term and tree.text[0] not in "<>[{":
            # A stop word that is required counts, as it does in a phrase.
            tree = self.make.phrase(tree.fieldname, [tree.text], 1, tree.boost)
            tree.startchar, tree.endchar = operand.tree.startchar, operand.tree.endchar
        bare = [tree if leaf is operand.tree else leaf for leaf in operand.bare]
        return operand_of(tree, bare, sign.start, operand.end, sign)

    cdef Operand row(self, list alternatives):
        """One operand out of alternatives."""
        cdef list part, trees = [], bare = [], parts = []
        cdef Operand operand = None, first = None, plus = None
        for part in alternatives:
            parts.append(part_trees := [])
            for operand in part:
                first = operand if first is None else first
                if plus is None and operand.is_signed(PLUS):
                    plus = operand
                part_trees.append(operand.tree)
                bare += operand.bare
        if operand is first:
            return operand
        if plus is not None and len(alternatives) > 1:
            raise self.error("'+' requires what OR makes optional", plus.start, "leave out '+', or join them with AND")
        trees = [group_of(self.make.all, one) for one in parts]
        tree = group_of(self.make.any, trees)
        return operand_of(tree, bare, first.start, operand.end, None if plus is None else plus.sign)

    cdef object dangling(self, Lexeme lexeme):
        written = self.text[lexeme.start:lexeme.end]
        hint = f"put a word there, or write {written} in quotes if it is one"
        return self.error(f"{written!r} has nothing to work on", lexeme.start, hint)


cdef inline bint is_infix(object kind):
    return kind is AND or kind is OR


cdef inline object group_of(object kind, list trees):
    return trees[0] if len(trees) == 1 else kind(trees)
