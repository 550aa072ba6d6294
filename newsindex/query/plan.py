"""From the tree of a query to the plan that the executor runs: `plan`, called by `newsindex.index` once per search.

A tree is one of `newsindex.query.syntax`, or of `whoosh.query` if a user made it. Nothing in it is trusted:
every kind of node, field, weight and text is checked, and the walk keeps its own stack, since a tree may be deeper
than Python's. What a tree leaves open is settled here: which words a raw text holds (`newsindex.query.patterns`), which
field of the index a name means, which interval a date is.

A plan's `Not` stands only directly under an `And` that has another child which is no `Not`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from newsindex.analysis import Stemmer, is_bare
from newsindex.article import micros
from newsindex.errors import QueryError
from newsindex.query import dates, fields, nodes, syntax
from newsindex.query.lexer import MAX_CLAUSES, MAX_DEPTH, MAX_SLOP, relocate, shown
from newsindex.query.patterns import Analysis, prefix, text_of, wildcard
from newsindex.query.plain import derived

if TYPE_CHECKING:
    from newsindex.query.language import Tree

MAX_NODES: Final = 16_384  # of a tree; one may be shared so often that a walk would never end
MAX_WEIGHT: Final = 1e9  # what nested boosts may multiply to

Made = nodes.Plan | None  # None where nothing but stop words or punctuation was
Task = tuple[Any, float, bool]  # a node, the boosts above it, whether its stop words are kept
Step = tuple[Callable[[list[Made]], Made], list[Task]]  # how to join the plans of the children, and the children


def plan(
    tree: Tree,
    *,
    extra_fields: Collection[str] = (),
    query: str | None = None,
    stemmer: Stemmer | None = None,
    now: dt.datetime | None = None,
) -> nodes.Plan:
    """The plan of a tree.

    Words are analysed, boosts multiplied into the leaves, nested groups flattened. Stop words that stand free in groups
    are left out, unless nothing else is asked for.

    Args:
        tree: any `whoosh.query.Query` of a kind that an index of articles can answer.
        extra_fields: the keys of `extra` that occur in the index.
        query: the string that the tree was parsed from, for errors with a position.
        stemmer: that of the index; the default is a new one.
        now: what dates such as "ieri" are counted from; the default is the present.

    Raises:
        QueryError: an unknown field, a date that is none, a kind of node without meaning here, no word at all, or a
            limit of `newsindex.query.lexer` exceeded.

    >>> from newsindex.query.language import parse
    >>> plan(parse("=fața de sursa:alfa^2"))
    And(children=(Word(field='text', pattern=Form(form='fața'), boost=1.0), \
Word(field='source', pattern=Stem(stem='alfa', form='', others=(), loose=False), boost=2.0)))
    """
    # Where the whole string has no diacritics its words have none; else an operator or a date may be what has them.
    bare = (query is not None and is_bare(query)) or _is_bare(tree)
    analysis = Analysis(stemmer, bare)
    planner = _Planner(extra_fields, query, analysis, now, keep=False)
    made = planner.run(tree)
    if made is None or (planner.dropped and next(nodes.asked(made), None) is None):
        made = _Planner(extra_fields, query, analysis, now, keep=True).run(tree)
    if made is None:
        raise QueryError("the query has no word to look for", query=query, hint="write at least one word")
    result = _affirm(made)
    _check_depth(result, query)
    return result


def _is_bare(tree: Tree) -> bool:
    """Whether no text of a tree but its dates has a diacritic; what is no text is for the planner to complain about."""
    stack = [tree]
    seen = 0  # nodes and words: of a tree with more, nothing is asked, as the planner refuses it
    while stack and seen < MAX_NODES:
        seen += 1
        node = stack.pop()
        if getattr(node, "fieldname", None) == fields.DATE:
            continue
        words = getattr(node, "words", ())
        words = words[:MAX_NODES] if isinstance(words, list | tuple) else ()
        seen += len(words)
        for text in (getattr(node, "text", None), *words):
            if isinstance(text, str) and not is_bare(text):
                return False
        if type(node) not in _LEAVES:
            stack += [child for child in _subtrees(node) if child is not None]
    return True


def _subtrees(node: Tree) -> Iterator[Any]:
    subqueries = getattr(node, "subqueries", None)
    yield from subqueries if isinstance(subqueries, list | tuple) else ()
    yield from (getattr(node, name, None) for name in ("query", "a", "b", "child"))


def _check_depth(plan: nodes.Plan, query: str | None) -> None:
    level, depth = [plan], 0
    while level := [child for node in level for child in nodes.children(node)]:
        depth += 1
        if depth > MAX_DEPTH:
            raise QueryError(f"the query nests deeper than {MAX_DEPTH} levels", query=query, hint="simplify it")


class _Planner:
    """One walk over one tree."""

    def __init__(
        self, extra: Collection[str], query: str | None, analysis: Analysis, now: dt.datetime | None, *, keep: bool
    ) -> None:
        self.extra = extra
        self.query = query
        self.analysis = analysis
        self.now = now
        self.keep = keep  # whether stop words are kept everywhere
        self.dropped = False  # whether some were not
        self.clauses = 0

    def run(self, tree: Tree) -> Made:
        """Children before parents: `tasks` holds what is to be done, `made` the plans that wait for their parent."""
        tasks: list[Task | tuple[Callable[[list[Made]], Made], int]] = [(tree, 1.0, self.keep)]
        made: list[Made] = []
        visited = 0
        while tasks:
            task = tasks.pop()
            if len(task) == 2:
                join, count = task
                made[len(made) - count :] = [join(made[len(made) - count :])]
                continue
            visited += 1
            if visited > MAX_NODES:
                raise QueryError(f"the query has more than {MAX_NODES} nodes", query=self.query, hint="simplify it")
            node, boost, keep = task
            open_node, make_leaf = _methods(type(node))
            try:
                if open_node is None:
                    made.append(self.leaf(make_leaf, node, boost, keep))
                    continue
                join, children = open_node(self, node, boost, keep)
            except AttributeError as error:
                if error.obj is not node:
                    raise
                raise self.error(f"a {type(node).__name__} without {error.name}", node, "build it anew") from error
            tasks.append((join, len(children)))
            tasks.extend(reversed(children))
        return made[0]

    def error(self, message: str, node: Any, hint: str) -> QueryError:
        return relocate(QueryError(message, hint=hint), self.query, getattr(node, "startchar", None))

    def weigh(self, node: Any, boost: float) -> float:
        """The product of the boosts down to this node."""
        own = getattr(node, "boost", 1.0)
        if type(own) is float and own == 1.0:
            return boost
        if isinstance(own, int | float) and 0 <= own <= MAX_WEIGHT and boost * own <= MAX_WEIGHT:
            return boost * own
        raise self.error(
            f"a weight of {shown(own)} is out of range", node, f"use numbers from 0 to {MAX_WEIGHT:g} in all"
        )

    def group(self, node: Any, boost: float, keep: bool, join: Callable[[list[Made]], Made]) -> Step:
        boost, children = self.weigh(node, boost), node.subqueries
        if not isinstance(children, list | tuple):
            raise self.error(f"the parts of a group are {shown(children)}", node, "pass a list of queries")
        if len(children) > MAX_NODES:
            raise self.error(f"a group of {len(children)} parts; the limit is {MAX_NODES} nodes", node, "ask several")
        return join, [(child, boost, keep) for child in children]

    def all(self, node: Any, boost: float, keep: bool) -> Step:
        return self.group(node, boost, keep, _join_all)

    def any(self, node: Any, boost: float, keep: bool) -> Step:
        if getattr(node, "minmatch", 0):
            raise self.error("an Or with minmatch is not supported", node, "leave out minmatch")
        return self.group(node, boost, keep, _join_any)

    def some(self, node: Any, boost: float, keep: bool) -> Step:
        return self.group(node, boost, keep, lambda made: self.join_some(node.subqueries, made))

    def join_some(self, children: list[Any], made: list[Made]) -> Made:
        """Any of some words, for which words derived from the same ones stand in, counting less; not for phrases."""
        plain = (child for tree, child in zip(children, made, strict=True) if _methods(type(tree))[1] is _Planner.term)
        more = derived(plain, self.analysis)
        self.check_clauses(len(more))
        self.clauses += len(more)
        return _join_any([*made, *more])

    def negation(self, node: Any, boost: float, keep: bool) -> Step:
        return (lambda made: _negate(made[0])), [(node.query, 1.0, True)]

    def and_not(self, node: Any, boost: float, keep: bool) -> Step:
        boost = self.weigh(node, boost)
        return (lambda made: _join_all([made[0], _negate(made[1])])), [(node.a, boost, keep), (node.b, 1.0, True)]

    def and_maybe(self, node: Any, boost: float, keep: bool) -> Step:
        boost = self.weigh(node, boost)
        # The required side is asked for expressly, be it by a + sign: there stop words count.
        return _join_maybe, [(node.a, boost, True), (node.b, boost, keep)]

    def require(self, node: Any, boost: float, keep: bool) -> Step:
        boost = self.weigh(node, boost)
        return (lambda made: _join_all([made[0], _unscore(made[1], 0.0)])), [(node.a, boost, keep), (node.b, 1.0, True)]

    def constant(self, node: Any, boost: float, keep: bool) -> Step:
        score = node.score
        if not isinstance(score, int | float) or not 0 <= score <= MAX_WEIGHT:
            raise self.error(
                f"a score of {shown(score)} is out of range", node, f"use a number from 0 to {MAX_WEIGHT:g}"
            )
        return (lambda made: _unscore(made[0], min(score * boost, MAX_WEIGHT))), [(node.child, 1.0, keep)]

    def leaf(self, make: Any, node: Any, boost: float, keep: bool) -> Made:
        if make is None:
            raise self.unknown(node)
        boost = self.weigh(node, boost)
        position = getattr(node, "startchar", None)
        try:
            name = getattr(node, "fieldname", None)
            if name is not None and not isinstance(name, str):
                raise QueryError(f"a field's name must be text, not {type(name).__name__}", hint="pass a str")
            field = fields.resolve(name, self.extra)
            made: Made = make(self, node, field, boost, keep)
        except QueryError as error:
            raise relocate(error, self.query, position) from error.__cause__
        return made

    def unknown(self, node: object) -> QueryError:
        from whoosh import query as wq

        if not isinstance(node, wq.Query):
            message = f"a query must be text or a whoosh.query object, not {type(node).__name__}"
            return self.error(message, node, "see newsindex.phrase, words, field and between")
        message = f"{type(node).__name__} queries are not supported"
        return self.error(message, node, _INSTEAD.get(type(node).__name__, "combine And, Or, Not, Term and Phrase"))

    def term(self, node: Any, field: str, boost: float, keep: bool) -> Made:
        text = text_of(node.text)
        if field == fields.DATE:
            return nodes.Dates(*dates.compare(text, self.now))
        read = self.analysis.word(text, field)
        if read.stops and not keep:
            self.dropped = True
            return None
        return self.adjacent(field, read.patterns, 0, boost)

    def phrase(self, node: Any, field: str, boost: float, keep: bool) -> Made:
        if not isinstance(node.words, list | tuple):
            raise QueryError(f"the words of a phrase are {shown(node.words)}", hint="pass a list of words")
        if field == fields.DATE:
            return nodes.Dates(*dates.compare(" ".join(map(text_of, node.words)), self.now))
        if not isinstance(node.slop, int) or not 1 <= node.slop <= MAX_SLOP + 1:
            hint = f"Whoosh's slop counts from 1, which is adjacent, and newsindex takes it up to {MAX_SLOP + 1}"
            raise QueryError(f"a slop of {shown(node.slop)} is out of range", hint=hint)
        found: list[nodes.Pattern] = []
        for word in node.words:
            found += self.analysis.word(text_of(word), field).patterns
            self.check_clauses(len(found))
        return self.adjacent(field, found, node.slop - 1, boost)

    def prefix(self, node: Any, field: str, boost: float, keep: bool) -> Made:
        text = text_of(node.text)
        if not text:
            return self.every(node, field, boost)
        _refuse_date(field)
        return self.adjacent(field, prefix(text, field, self.analysis), 0, boost)

    def wildcard(self, node: Any, field: str, boost: float, keep: bool) -> Made:
        if not text_of(node.text).strip("*"):
            return self.every(node, field, boost)
        _refuse_date(field)
        return self.adjacent(field, wildcard(node.text, field, self.analysis), 0, boost)

    def fuzzy(self, node: Any, field: str, boost: float, keep: bool) -> Made:
        _refuse_date(field)
        found = self.analysis.fuzzy(text_of(node.text), node.maxdist, node.prefixlength)
        return self.adjacent(field, found, 0, boost)

    def range(self, node: Any, field: str, boost: float, keep: bool) -> Made:
        _require_date(field)
        start, end = (None if side in (None, "") else text_of(side) for side in (node.start, node.end))
        return nodes.Dates(*dates.span(start, end, self.now, after=bool(node.startexcl), before=bool(node.endexcl)))

    def date_range(self, node: Any, field: str, boost: float, keep: bool) -> Made:
        _require_date(field)
        if not all(isinstance(one, dt.date | None) for one in (node.startdate, node.enddate)):
            raise QueryError("the ends of a DateRange are no dates", hint="pass a datetime.datetime, or None")
        since = None if node.startdate is None else micros(node.startdate) + bool(node.startexcl)
        until = None if node.enddate is None else micros(node.enddate) + (not node.endexcl)
        if since is not None and until is not None and since >= until:
            raise QueryError("no time lies between the dates of a DateRange", hint="give the earlier date first")
        return nodes.Dates(since, until)

    def every(self, node: Any, field: str, boost: float, keep: bool = False) -> Made:
        if field == nodes.TEXT:
            return nodes.Everything()
        if field == fields.DATE:
            return nodes.Dates(None, None)
        if field in (nodes.TITLE, nodes.BODY):
            return nodes.Filled(field)
        return self.adjacent(field, [nodes.Wildcard("*")], 0, boost)

    def nothing(self, node: Any, field: str, boost: float, keep: bool) -> Made:
        return nodes.Nothing()

    def adjacent(self, field: str, found: Sequence[nodes.Pattern], slop: int, boost: float) -> Made:
        self.check_clauses(len(found))
        self.clauses += len(found)
        if len(found) > 1:
            return nodes.Phrase(field, tuple(found), slop, boost)
        return nodes.Word(field, found[0], boost) if found else None

    def check_clauses(self, more: int) -> None:
        if self.clauses + more > MAX_CLAUSES:
            raise QueryError(f"the query has more than {MAX_CLAUSES} words", hint="shorten it, or ask several")


_OPENERS: Final[dict[Any, Any]] = {
    syntax.And: _Planner.all,
    syntax.Or: _Planner.any,
    syntax.AnyWord: _Planner.some,
    syntax.Not: _Planner.negation,
    syntax.AndMaybe: _Planner.and_maybe,
}
_LEAVES: Final[dict[Any, Any]] = {
    syntax.Term: _Planner.term,
    syntax.Phrase: _Planner.phrase,
    syntax.Prefix: _Planner.prefix,
    syntax.Wildcard: _Planner.wildcard,
    syntax.FuzzyTerm: _Planner.fuzzy,
}


@cache
def _of_whoosh() -> tuple[dict[Any, Any], dict[Any, Any]]:
    """What the two tables above are for trees of Whoosh, which is loaded only for who has one."""
    from whoosh import query as wq

    from newsindex.query.builders import AnyWord

    openers = {
        wq.And: _Planner.all,
        wq.Or: _Planner.any,
        AnyWord: _Planner.some,
        wq.DisjunctionMax: _Planner.any,
        wq.Not: _Planner.negation,
        wq.AndNot: _Planner.and_not,
        wq.AndMaybe: _Planner.and_maybe,
        wq.Require: _Planner.require,
        wq.ConstantScoreQuery: _Planner.constant,
    }
    leaves = {
        wq.Term: _Planner.term,
        wq.Phrase: _Planner.phrase,
        wq.Prefix: _Planner.prefix,
        wq.Wildcard: _Planner.wildcard,
        wq.FuzzyTerm: _Planner.fuzzy,
        wq.TermRange: _Planner.range,
        wq.DateRange: _Planner.date_range,
        wq.Every: _Planner.every,
        type(wq.NullQuery): _Planner.nothing,
    }
    return openers, leaves


_INSTEAD: Final = {
    "Regex": "use Wildcard, with ? and *",
    "Variations": "use Term, which finds every form of a word",
    "NumericRange": "use TermRange or newsindex.between on the field date",
    "Ordered": "use Phrase, with a slop",
    "Sequence": "use Phrase, with a slop",
    "SpanNear": "use Phrase, with a slop",
    "SpanNear2": "use Phrase, with a slop",
}


def _methods(kind: type) -> tuple[Any, Any]:
    """How to open a node and how to plan a leaf, by its class or the nearest one above it: one of both, or neither."""
    leaf, opener = _LEAVES.get(kind), _OPENERS.get(kind)
    if leaf is not None or opener is not None:
        return opener, leaf
    openers, leaves = _of_whoosh()
    return _nearest(openers, kind), _nearest(leaves, kind)


def _nearest(table: dict[Any, Any], kind: type) -> Any:
    return next((table[one] for one in kind.__mro__ if one in table), None)


def _refuse_date(field: str) -> None:
    if field == fields.DATE:
        raise QueryError("a pattern is no date", hint=dates.HINT)


def _require_date(field: str) -> None:
    if field != fields.DATE:
        raise QueryError(f"the field {field} has no ranges", hint="ranges are for dates only: use the field date")


def _affirm(made: nodes.Plan) -> nodes.Plan:
    """The plan with something to subtract from, where it is nothing but a negation."""
    return nodes.And((nodes.Everything(), made)) if isinstance(made, nodes.Not) else made


def _negate(made: Made) -> Made:
    if made is None:
        return None
    if isinstance(made, nodes.Not):
        return nodes.Unscored(made.child)
    if isinstance(made, nodes.Everything):
        return nodes.Nothing()
    return nodes.Everything() if isinstance(made, nodes.Nothing) else nodes.Not(made)


def _unscore(made: Made, score: float) -> Made:
    if made is None:
        return None
    child = made.child if isinstance(made, nodes.Unscored) else _affirm(made)
    return nodes.Unscored(child, score)


def _join_maybe(made: list[Made]) -> Made:
    required, optional = made
    if required is None or optional is None or isinstance(optional, nodes.Nothing):
        return required
    return nodes.Maybe(_affirm(required), _affirm(optional))


def _join_all(made: list[Made]) -> Made:
    children: list[nodes.Plan] = []
    span: nodes.Dates | None = None
    for child in _flat(made, nodes.And):
        if isinstance(child, nodes.Nothing):
            return child
        if isinstance(child, nodes.Dates):
            span = child if span is None else _overlap(span, child)
        elif not isinstance(child, nodes.Everything):
            children.append(child)
    if span is not None:
        if span.since is not None and span.until is not None and span.since >= span.until:
            return nodes.Nothing()
        children.append(span)
    children = nodes.united(children)
    if not children:
        return nodes.Everything() if any(made) else None
    if all(isinstance(child, nodes.Not) for child in children):
        # A lone negation stays one: what it is taken from is settled where it ends up.
        return children[0] if len(children) == 1 else nodes.And((nodes.Everything(), *children))
    return children[0] if len(children) == 1 else nodes.And(tuple(children))


def _join_any(made: list[Made]) -> Made:
    children = nodes.united(_affirm(child) for child in _flat(made, nodes.Or) if not isinstance(child, nodes.Nothing))
    if not children:
        return nodes.Nothing() if any(child is not None for child in made) else None
    return children[0] if len(children) == 1 else nodes.Or(tuple(children))


def _flat(made: list[Made], kind: type[nodes.And | nodes.Or]) -> Iterator[nodes.Plan]:
    for child in made:
        if isinstance(child, kind):
            yield from child.children
        elif child is not None:
            yield child


def _overlap(one: nodes.Dates, other: nodes.Dates) -> nodes.Dates:
    since = max((bound for bound in (one.since, other.since) if bound is not None), default=None)
    until = min((bound for bound in (one.until, other.until) if bound is not None), default=None)
    return nodes.Dates(since, until)
