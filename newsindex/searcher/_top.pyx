# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The best articles: those of one posting list by its bounds, `best_of`, and those of any by their scores, `choose`.

What most searches are, nothing but words or a phrase, is done here for all segments at once: `best_words`, `best_phrase`.

Bounds decide what is scored. First what promises most; what the last of the best of that is worth, all else has to
promise, or it cannot be among the best. So the result is that of scoring everything.
"""

from libc.math cimport INFINITY
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t
from libc.stdlib cimport free, malloc
from libc.string cimport memset

from newsindex._found cimport Found, Place, precedes
from newsindex.inverted._blocks cimport BLOCK, END, Cursor, List, decode_docs, highest_impact, rewind, seek
from newsindex.inverted._columns cimport Numbers, value_at
from newsindex.inverted._gil cimport LONG
from newsindex.inverted._postings cimport PostingList
from newsindex.searcher._collect cimport Choice, Chosen, Group, Heap, collect_all, collect_any, offer
from newsindex.searcher._phrases cimport Walk, go
from newsindex.searcher._scoring cimport IN_TEXT, Leaf, Scale, Scorer, WordScorer, place, worth
from newsindex.searcher._union cimport collect_union

cdef enum:
    MORE = 24
    PART = 1 << 13  # articles that are looked at before the best of them say which others need be

FEW = MORE  # more articles than are wanted are scored to learn which others need be
SHARE = 0.75  # spelling adds up to 0.3 to a score: what is worth less than this share of the best rarely is one
cdef float MOST_SHARE = SHARE
cdef double HAIR = 1 - 1e-6  # scores are compared as floats here, which round them


cdef class Best:
    """The best articles of some segments so far, `wanted` of them at most."""

    cdef Place *places  # a heap, the last of the best at its root
    cdef Py_ssize_t size
    cdef readonly Py_ssize_t wanted

    def __cinit__(self, Py_ssize_t wanted):
        if wanted < 0:
            raise ValueError(f"the best {wanted} articles")
        self.wanted = wanted
        self.places = <Place *>malloc(max(wanted, 1) * sizeof(Place))
        if self.places == NULL:
            raise MemoryError(f"no memory for the best {wanted} articles")

    def __dealloc__(self):
        free(self.places)

    @property
    def floor(self):
        """What an article has to be worth to be among them; 0 as long as there are fewer than wanted."""
        return self.places[0].score if self.wanted and self.size == self.wanted else 0.0

    @property
    def least(self):
        """The bound that an article has to reach to be among them."""
        return self.threshold()

    cdef float threshold(self) noexcept:
        return <float>(HAIR * self.places[0].score) if self.wanted and self.size == self.wanted else 0

    cdef bint takes(self, double score) noexcept:
        """Whether an article of such a score is among them if it is new enough; most are not, and their dates not read."""
        return self.size < self.wanted or (self.size and score >= self.places[0].score)

    cdef void offer(self, Place place) noexcept:
        cdef Py_ssize_t at
        if self.size < self.wanted:
            at = self.size
            self.size += 1
            while at and precedes(&self.places[(at - 1) // 2], &place):
                self.places[at] = self.places[(at - 1) // 2]
                at = (at - 1) // 2
            self.places[at] = place
        elif self.size and precedes(&place, &self.places[0]):
            self.sink(place)

    cdef void sink(self, Place place) noexcept:
        """Put a place where the root was."""
        cdef Py_ssize_t at = 0, child
        while True:
            child = 2 * at + 1
            if child >= self.size:
                break
            if child + 1 < self.size and precedes(&self.places[child], &self.places[child + 1]):
                child += 1
            if not precedes(&place, &self.places[child]):
                break
            self.places[at] = self.places[child]
            at = child
        self.places[at] = place

    def take(self):
        """All of them, the best first; none are left."""
        cdef Found found = Found()
        found.put(self.places, self.size)
        self.size = 0
        found.sort("relevance")
        return found


cdef struct Some:
    # Articles of a segment, and what they are worth at most. Those below `cutoff` are left out.
    int32_t segment
    Py_ssize_t size
    const int32_t *docs
    const float *bounds
    float cutoff


def choose(Best best, int32_t segment, Numbers dates not None, const int32_t[::1] docs, const float[::1] bounds,
           float cutoff, Scorer scorer, collect=None):
    """Offer those of `docs`, articles of a segment that are worth `bounds` at most, which may be among the best.

    The best are then as if all had been offered. `scorer` is asked for ascending docids. Where articles below `cutoff`
    exist too and turn out to be needed, `collect` is called with a lower one, and returns docs and bounds again.
    """
    cdef float enough
    cdef Some some
    some.segment, some.cutoff = segment, cutoff
    if dates.count == 0 and docs.shape[0]:
        raise ValueError(f"docids from {docs[0]} on of 0")
    if best.wanted == 0 or dates.count == 0:
        return
    match_up(&some, docs, bounds)
    enough = offer_likely(best, &some, dates, scorer)
    if best.threshold() < cutoff:
        docs, bounds = collect(best.threshold())
        match_up(&some, docs, bounds)
    if best.threshold() < enough:
        offer_between(best, &some, dates, best.threshold(), enough, scorer)


cdef int match_up(Some *some, const int32_t[::1] docs, const float[::1] bounds) except -1:
    if bounds.shape[0] != docs.shape[0]:
        raise ValueError(f"{bounds.shape[0]} bounds for {docs.shape[0]} articles")
    some.size = docs.shape[0]
    if some.size:
        some.docs, some.bounds = &docs[0], &bounds[0]
    return 0


cdef float offer_likely(Best best, const Some *some, Numbers dates, Scorer scorer) except? -1:
    """Offer those that promise most; returns what they promise: the others are worth less."""
    cdef float enough = max(highest(some, best.wanted + MORE), some.cutoff)
    enough = max(enough, best.threshold())
    offer_between(best, some, dates, enough, INFINITY, scorer)
    return enough


cdef int offer_between(Best best, const Some *some, Numbers dates, float least, float below, Scorer scorer) except -1:
    """Score and offer those that are worth `least` or more, and less than `below`."""
    cdef Py_ssize_t i, n, start = 0, part = min(some.size, <Py_ssize_t>PART)
    cdef int64_t before = -1
    cdef Candidates chosen = Candidates(part)
    while start < some.size:
        least, n = max(least, best.threshold()), 0
        for i in range(start, min(start + part, some.size)):
            chosen.docs[n], chosen.bounds[n] = some.docs[i], some.bounds[i]
            n += least <= some.bounds[i] < below
        start += part
        for i in range(n):
            if not before < chosen.docs[i] < dates.count:
                raise ValueError(f"docid {chosen.docs[i]} after {before}, of {dates.count}")
            before = chosen.docs[i]
        if n > MORE and best.threshold() > 0:
            n = scorer.sift(chosen.docs, chosen.bounds, n, best.threshold())
        if n:
            scorer.score(chosen.docs, n, chosen.scores)
        for i in range(n):
            if best.takes(chosen.scores[i]):
                best.offer(Place(chosen.scores[i], value_at(dates, chosen.docs[i]), some.segment, chosen.docs[i]))
    return 0


cdef class Candidates:
    """Memory for some docids, their bounds and their scores."""

    cdef int32_t *docs
    cdef float *bounds
    cdef double *scores

    def __cinit__(self, Py_ssize_t room):
        self.bounds = <float *>malloc((room + 1) * sizeof(float))
        self.docs = <int32_t *>malloc((room + 1) * sizeof(int32_t))
        self.scores = <double *>malloc((room + 1) * sizeof(double))
        if self.docs == NULL or self.bounds == NULL or self.scores == NULL:
            raise MemoryError(f"no memory to choose from {room} articles")

    def __dealloc__(self):
        free(self.docs)
        free(self.bounds)
        free(self.scores)


cdef float highest(const Some *some, Py_ssize_t count) except? -1:
    """The least of the highest `count` bounds; 0 where there are no more of them."""
    cdef Py_ssize_t i
    cdef Heap heap
    cdef float found
    if count <= 0 or some.size <= count:
        return 0
    heap.values = <float *>malloc(count * sizeof(float))
    if heap.values == NULL:
        raise MemoryError(f"no memory for the best {count} articles")
    heap.size, heap.room = 0, count
    for i in range(some.size):
        offer(&heap, some.bounds[i])
    found = heap.values[0]
    free(heap.values)
    return found


def best_of(Group group, int64_t low, int64_t high, Py_ssize_t keep, float cutoff=0):
    """`any_of` for a group of one list whose articles are all alive: reads few of its docids.

    Those worth `cutoff`, or, where `keep` is not 0, what the best `keep` are worth at least, whichever is more, are returned.
    """
    return collect_best(group, low, high, keep, cutoff).taken()


cdef Chosen collect_best(Group group, int64_t low, int64_t high, Py_ssize_t keep, float cutoff):
    cdef PostingList plist
    cdef Py_ssize_t begin, end
    cdef Chosen chosen
    if group.count != 1:
        raise ValueError(f"{group.count} lists where one is expected")
    plist = group.lists[0]
    plist.verify_docs(low, high + 1)
    cdef const List *one = &plist.list
    cdef Cursor cursor
    rewind(&cursor, one)
    if low >= high or seek(&cursor, low) >= high:
        return Chosen(0)
    begin = cursor.block * BLOCK + cursor.at
    end = one.df if high >= one.articles or seek(&cursor, high) == END else cursor.block * BLOCK + cursor.at
    chosen = Chosen(end - begin)
    if end - begin < LONG:
        take_best(group, begin, end, keep, cutoff, &chosen.choice)
    else:
        with nogil:
            take_best(group, begin, end, keep, cutoff, &chosen.choice)
    return chosen


cdef int take_best(Group group, Py_ssize_t begin, Py_ssize_t end, Py_ssize_t keep, float cutoff,
                   Choice *choice) except -1 nogil:
    """Take the best of the postings from `begin` to `end` - 1 of the list of a group."""
    cdef int least = limit(group.raw[0], begin, end, keep) if keep else 1
    # What is worth as much belongs to it; of a word without weight all is.
    while least > 1 and group.worth[least - 1] == group.worth[least]:
        least -= 1
    choice.least = group.worth[least] if least > 1 else 0
    if choice.least < cutoff:
        choice.least = cutoff
        while least <= 255 and group.worth[least] < cutoff:
            least += 1
    return take_from(group, begin, end, least, choice)


cdef int take_from(Group group, Py_ssize_t begin, Py_ssize_t end, int least, Choice *choice) except -1 nogil:
    """Take the postings from `begin` to `end` - 1 of the list of a group that have an impact of `least` or more."""
    cdef const List *one = group.raw[0]
    cdef Py_ssize_t n = 0, block, i, count, base
    cdef const uint8_t *impacts
    cdef uint32_t[BLOCK] decoded
    for block in range(begin // BLOCK, (end - 1) // BLOCK + 1):
        if highest_impact(one, block) < least:
            continue
        base = block * BLOCK
        impacts = one.data + one.impacts + base
        count = decode_docs(one, block, decoded)
        for i in range(max(begin - base, 0), min(end - base, count)):
            choice.docs[n] = <int32_t>decoded[i]
            choice.bounds[n] = group.worth[impacts[i]]
            n += impacts[i] >= least
    choice.size, choice.total = n, end - begin
    return 0


cdef int limit(const List *one, Py_ssize_t begin, Py_ssize_t end, Py_ssize_t keep) noexcept nogil:
    """An impact that at least `keep` of the postings from `begin` to `end` - 1 have; 1 where there are fewer."""
    cdef Py_ssize_t i, first = (begin + BLOCK - 1) // BLOCK, last = end // BLOCK, seen = 0
    cdef Py_ssize_t[256] counts
    cdef const uint8_t *impacts
    cdef int least
    memset(counts, 0, sizeof(counts))
    if last - first >= 4 * keep:
        # As many blocks have a posting with their highest impact.
        impacts = one.data + one.maxima
        begin, end = first, last
    else:
        impacts = one.data + one.impacts
    for i in range(begin, end):
        counts[impacts[i]] += 1
    for least in range(255, 1, -1):
        seen += counts[least]
        if seen >= keep:
            return least
    return 1


# The same for a plan that is nothing but words, or a phrase, in all segments at once.


cdef class Ground:
    """A segment, with all at hand that finding words in it takes.

    Args:
        segment: a `newsindex.inverted.segment.Segment`, to say whose an error is.
        scale: how frequencies are measured in it.
        alive: a flag for each article, or None where all are.
    """

    cdef object segment
    cdef Scale scale
    cdef Numbers dates
    cdef const uint8_t[::1] flags
    cdef const uint8_t *alive
    cdef Py_ssize_t articles

    def __init__(self, segment, Scale scale not None, const uint8_t[::1] alive=None):
        self.segment, self.scale, self.dates, self.flags = segment, scale, segment.dates, alive
        self.articles = segment.articles
        if not self.dates.count == scale.titles.count == self.articles:
            raise ValueError(f"{self.dates.count} dates and {scale.titles.count} titles of {self.articles} articles")
        if alive is not None and alive.shape[0] != self.articles:
            raise ValueError(f"{alive.shape[0]} flags for {self.articles} articles")
        self.alive = &alive[0] if alive is not None and self.articles else NULL


cdef struct Span:
    # The docids from `low` to `high` - 1 of a segment.
    int64_t low, high


cdef Span span_of(Ground ground, list spans, Py_ssize_t number) except *:
    """Where in a segment is looked: everywhere, unless there are `spans`."""
    if spans is None:
        return Span(0, ground.articles)
    low, high = spans[number]
    return Span(max(<int64_t>low, 0), min(<int64_t>high, ground.articles))


cdef Chosen collect(Ground ground, Span span, list leaves, bint every, Py_ssize_t keep, float cutoff):
    """The articles that have every one, or any, of some words; with `keep`, of the best so many at least."""
    cdef Leaf leaf = leaves[0]
    if len(leaves) == 1 and (leaf.wide or leaf.partial or (leaf.count > 1 and not leaf.most)):
        return collect_union(leaf, span.low, span.high, None, ground.alive, cutoff)
    if len(leaves) == 1 and leaf.count == 1 and ground.alive == NULL:
        return collect_best(leaf.group, span.low, span.high, keep + MORE if keep else 0, cutoff)
    cdef list groups = [group_of(leaf, span) for leaf in leaves]
    if every and len(groups) > 1:
        return collect_all(groups, span.low, span.high, ground.alive, keep, MOST_SHARE, cutoff)
    return collect_any(groups, span.low, span.high, ground.alive, keep, MOST_SHARE, cutoff)


cdef Group group_of(Leaf leaf, Span span):
    """The lists of a word, or where these are many what they add up to."""
    if not leaf.wide:
        return leaf.group
    _, docs, bounds, _ = collect_union(leaf, span.low, span.high, None, NULL, 0).taken()
    return Group(docs=docs, bounds=bounds)


cdef Py_ssize_t offer_words(Best best, int32_t number, Ground ground, Span span, list leaves, bint every) except -1:
    """Offer what one segment has to the best; returns how many articles match."""
    cdef list present = []
    cdef Leaf leaf
    cdef Chosen found
    cdef Scorer scorer
    cdef Some some
    cdef float enough
    for leaf in leaves:
        if leaf.count:
            present.append(leaf)
        elif every:
            return 0
    if not present:
        return 0
    found = collect(ground, span, present, every, best.wanted, best.threshold())
    if found.choice.size and best.wanted:
        some = Some(number, found.choice.size, found.choice.docs, found.choice.bounds, found.choice.least)
        scorer = WordScorer(leaves, ground.scale)
        enough = offer_likely(best, &some, ground.dates, scorer)
        if best.threshold() < some.cutoff:
            again = collect(ground, span, present, every, 0, best.threshold())
            some.size, some.docs, some.bounds = again.choice.size, again.choice.docs, again.choice.bounds
        if best.threshold() < enough:
            offer_between(best, &some, ground.dates, best.threshold(), enough, scorer)
    return found.choice.total


def best_words(Best best, list grounds, list words, bint every, list spans=None):
    """Offer the articles of some segments that have every one, or any, of some words to the best.

    Of each word the `Leaf` in each segment is given, in a list; of several words none that is partial, and none that is
    looked for in bodies. With `spans`, of each segment only the docids from the first number to before the second are
    looked at. Returns how many match.
    """
    cdef Py_ssize_t total = 0
    cdef int32_t number
    cdef Ground ground
    cdef Span span
    for number in range(len(grounds)):
        ground = grounds[number]
        span = span_of(ground, spans, number)
        if span.low >= span.high:
            continue
        try:
            total += offer_words(best, number, ground, span, [leaves[number] for leaves in words], every)
        except ValueError:
            with ground.segment.reading_postings():  # which says whose damage it is
                raise
    return total


cdef Py_ssize_t offer_phrase(Best best, int32_t number, Ground ground, Span span, list words, int where, double weight,
                             int64_t slop) except -1:
    """Offer what one segment has to the best; returns how many articles match."""
    cdef Numbers titles = ground.scale.titles if where == IN_TEXT else None
    cdef Walk walk = Walk(words, span.low, span.high, slop, True, titles)
    cdef Py_ssize_t total = 0
    cdef int64_t low = span.low, step
    walk.scale, walk.field, walk.weight = ground.scale, where, weight
    step = (span.high - span.low) // (walk.rarest_size // PART + 1) + 1
    while low < span.high:
        # The best of what was found say where a closer look is worth it.
        walk.enough = best.floor if best.wanted else INFINITY
        go(walk, low, min(low + step, span.high), NULL, 0)
        total += offer_found(best, number, ground, walk)
        low += step
    return total


cdef Py_ssize_t offer_found(Best best, int32_t number, Ground ground, Walk walk) except -1:
    """Offer what a walk has found, which it leaves behind; returns how many of that are alive."""
    cdef const int32_t *docs = <const int32_t *>walk.docs.data
    cdef const int32_t *sums = <const int32_t *>walk.sums.data
    cdef Py_ssize_t i, total = 0
    cdef double score
    for i in range(walk.docs.size // <Py_ssize_t>sizeof(int32_t)):
        if ground.alive == NULL or ground.alive[docs[i]]:
            total += 1
            score = walk.weight * worth(walk.field, ground.scale, docs[i], sums + 6 * i)
            if best.takes(score):
                best.offer(Place(score, value_at(ground.dates, docs[i]), number, docs[i]))
    walk.docs.size = walk.sums.size = 0
    return total


def best_phrase(Best best, list grounds, list words, str field, double weight, int64_t slop, list spans=None):
    """Offer the articles of some segments that have a phrase in a field, not that of bodies, to the best.

    Of each segment the `Terms` of its words are given, in a list; none where it does not have them all. Up to `slop` other
    words may stand between them; `spans` are as in `best_words`. Returns how many match.
    """
    cdef Py_ssize_t total = 0
    cdef int32_t number
    cdef Ground ground
    cdef Span span
    for number in range(len(grounds)):
        ground = grounds[number]
        span = span_of(ground, spans, number)
        if not words[number] or span.low >= span.high:
            continue
        try:
            total += offer_phrase(best, number, ground, span, words[number], place(field), weight, slop)
        except ValueError:
            with ground.segment.reading_postings():
                raise
    return total
