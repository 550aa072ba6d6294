# cython: language_level=3
"""What the plans of `newsindex.query.nodes` are made of: immutable, compared by value, hashed once. Import them there.

Compiled, since a query makes two or three for each of its words, and a frozen record of Python takes a microsecond.
No cycle can go through them, so they are hidden from the garbage collector: its rounds come when so many new objects
are kept, and make the slowest searches.
"""

from cython cimport no_gc


cdef class Node:
    """What all have in common. Two of one class are equal where what they hold is."""

    cdef Py_hash_t hashed

    cdef tuple held(self):
        return ()

    def __eq__(self, other):
        if self is other:
            return True
        if type(self) is not type(other):
            return NotImplemented
        return self.held() == (<Node>other).held()

    def __hash__(self):
        # Words are looked up by their patterns again and again, by each segment and each page.
        if self.hashed == 0:
            self.hashed = hash((type(self), self.held()))
        return self.hashed

    def __repr__(self):
        parts = ", ".join([f"{name}={value!r}" for name, value in zip(self.__match_args__, self.held(), strict=True)])
        return f"{type(self).__name__}({parts})"

    def __reduce__(self):
        return type(self), self.held()


@no_gc
cdef class Stem(Node):
    """Any form of a word.

    Attributes:
        stem: the term of the word, as `newsindex.analysis` makes it.
        form: the word as it was asked for: where it is spelled so, it counts more. Empty where all forms are alike.
        others: further terms that the word may belong to, if it lacks its diacritics.
        loose: forms of the index that differ from `form` in nothing but diacritics are meant too.
    """

    __match_args__ = ("stem", "form", "others", "loose")
    cdef readonly str stem
    cdef readonly str form
    cdef readonly tuple others
    cdef readonly bint loose

    def __init__(self, str stem not None, str form not None="", tuple others not None=(), bint loose=False):
        self.stem, self.form, self.others, self.loose = stem, form, others, loose

    cdef tuple held(self):
        return self.stem, self.form, self.others, self.loose


@no_gc
cdef class Derived(Node):
    """Any form of the words that are derived from the same one as a word, but not of that word.

    Attributes:
        root: what they share: the Snowball stem of their terms.
        stems: the terms of the word itself.
    """

    __match_args__ = ("root", "stems")
    cdef readonly str root
    cdef readonly tuple stems

    def __init__(self, str root not None, tuple stems not None):
        self.root, self.stems = root, stems

    cdef tuple held(self):
        return self.root, self.stems


cdef class Form(Node):
    """Exactly this surface form (lower case, comma letters, diacritics count)."""

    __match_args__ = ("form",)
    cdef readonly str form

    def __init__(self, str form not None):
        self.form = form

    cdef tuple held(self):
        return (self.form,)


cdef class Prefix(Node):
    """Every form whose folded spelling begins with `prefix`."""

    __match_args__ = ("prefix",)
    cdef readonly str prefix

    def __init__(self, str prefix not None):
        self.prefix = prefix

    cdef tuple held(self):
        return (self.prefix,)


cdef class Wildcard(Node):
    """Every form whose folded spelling matches `pattern`: ? is any one character, * any number of them."""

    __match_args__ = ("pattern",)
    cdef readonly str pattern

    def __init__(self, str pattern not None):
        self.pattern = pattern

    cdef tuple held(self):
        return (self.pattern,)


cdef class Fuzzy(Node):
    """Every form whose folded spelling is within `distance` edits of `form` and shares its first `prefix` characters.

    An edit inserts, deletes or replaces one character or swaps two neighbours (optimal string alignment).
    """

    __match_args__ = ("form", "distance", "prefix")
    cdef readonly str form
    cdef readonly object distance
    cdef readonly object prefix

    def __init__(self, str form not None, distance, prefix=0):
        self.form, self.distance, self.prefix = form, distance, prefix

    cdef tuple held(self):
        return self.form, self.distance, self.prefix


@no_gc
cdef class Word(Node):
    """Articles in whose `field` some word matches `pattern`."""

    __match_args__ = ("field", "pattern", "boost")
    cdef readonly str field
    cdef readonly Node pattern
    cdef readonly double boost

    def __init__(self, str field not None, Node pattern not None, double boost=1.0):
        self.field, self.pattern, self.boost = field, pattern, boost

    cdef tuple held(self):
        return self.field, self.pattern, self.boost


@no_gc
cdef class Phrase(Node):
    """Articles whose `field` has words matching `patterns` in this order.

    Up to `slop` other words, counted over the whole phrase, may stand between them.
    """

    __match_args__ = ("field", "patterns", "slop", "boost")
    cdef readonly str field
    cdef readonly tuple patterns
    cdef readonly Py_ssize_t slop
    cdef readonly double boost

    def __init__(self, str field not None, tuple patterns not None, Py_ssize_t slop=0, double boost=1.0):
        self.field, self.patterns, self.slop, self.boost = field, patterns, slop, boost

    cdef tuple held(self):
        return self.field, self.patterns, self.slop, self.boost


cdef class Dates(Node):
    """Articles published at `since` or later and before `until`: microseconds since 1970 UTC; None is unbounded.

    Undated articles match no interval, not even an unbounded one.
    """

    __match_args__ = ("since", "until")
    cdef readonly object since
    cdef readonly object until

    def __init__(self, since, until):
        self.since, self.until = since, until

    cdef tuple held(self):
        return self.since, self.until


@no_gc
cdef class OneOf(Node):
    """Articles whose metadata `field` holds one of `values`, compared whole after cleaning."""

    __match_args__ = ("field", "values")
    cdef readonly str field
    cdef readonly tuple values

    def __init__(self, str field not None, tuple values not None):
        self.field, self.values = field, values

    cdef tuple held(self):
        return self.field, self.values


cdef class Filled(Node):
    """Articles whose `field`, the title or the body, has a word at all."""

    __match_args__ = ("field",)
    cdef readonly str field

    def __init__(self, str field not None):
        self.field = field

    cdef tuple held(self):
        return (self.field,)


cdef class Everything(Node):
    """Every article, all ranked alike."""

    __match_args__ = ()


cdef class Nothing(Node):
    """No article."""

    __match_args__ = ()


@no_gc
cdef class And(Node):
    """Articles that match every child; at least one child is no `Not`. Scores add up."""

    __match_args__ = ("children",)
    cdef readonly tuple children

    def __init__(self, tuple children not None):
        self.children = children

    cdef tuple held(self):
        return (self.children,)


@no_gc
cdef class Or(Node):
    """Articles that match some child; scores add up."""

    __match_args__ = ("children",)
    cdef readonly tuple children

    def __init__(self, tuple children not None):
        self.children = children

    cdef tuple held(self):
        return (self.children,)


@no_gc
cdef class Not(Node):
    """Articles that do not match `child`; scores nothing."""

    __match_args__ = ("child",)
    cdef readonly Node child

    def __init__(self, Node child not None):
        self.child = child

    cdef tuple held(self):
        return (self.child,)


@no_gc
cdef class Maybe(Node):
    """Articles that match `required`; those that match `optional` too rank higher."""

    __match_args__ = ("required", "optional")
    cdef readonly Node required
    cdef readonly Node optional

    def __init__(self, Node required not None, Node optional not None):
        self.required, self.optional = required, optional

    cdef tuple held(self):
        return self.required, self.optional


@no_gc
cdef class Unscored(Node):
    """Articles that match `child`, adding `score` to each instead of its own score."""

    __match_args__ = ("child", "score")
    cdef readonly Node child
    cdef readonly double score

    def __init__(self, Node child not None, double score=0.0):
        self.child, self.score = child, score

    cdef tuple held(self):
        return self.child, self.score


def children(Node plan not None):
    """The parts of a plan that are plans."""
    if isinstance(plan, And):
        return (<And>plan).children
    if isinstance(plan, Or):
        return (<Or>plan).children
    if isinstance(plan, Not):
        return ((<Not>plan).child,)
    if isinstance(plan, Unscored):
        return ((<Unscored>plan).child,)
    return ((<Maybe>plan).required, (<Maybe>plan).optional) if isinstance(plan, Maybe) else ()
