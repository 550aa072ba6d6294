# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Which articles of a segment match some words, and what each is worth at most: `all_of`, `any_of`.

These are the loops over posting lists. They read docids and impacts, which are bounds (`newsindex.inverted.impacts`), so what
they find is a superset of the best articles; the executor scores those exactly. Where they are long, other threads run meanwhile.
"""

from cython cimport no_gc
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t
from libc.stdlib cimport calloc, free, malloc
from libc.string cimport memcpy, memset

import numpy as np

from newsindex.inverted._blocks cimport BLOCK, END, Cursor, List, rewind, seek
from newsindex.inverted._gil cimport LONG
from newsindex.inverted._postings cimport PostingList
from newsindex.searcher._batches cimport Batch, Walk, keep_common, least_worth, most_worth, move, next_batch

cdef enum:
    WINDOW = 8192  # docids whose bounds are added up at a time: 32 KB, which the fastest cache holds
    CHUNK = 32  # of them are looked at one by one if any is worth enough

cdef float LEAST = least_worth()
cdef double MARGIN = 1 + 1e-5  # sums of floats are rounded; a bound must not be less than what it bounds


@no_gc  # as the nodes of plans, which say why
cdef class Group:
    """Articles that have one of several terms, or that were found otherwise: one leaf of a plan in one segment.

    Of lists: `lists` are posting lists, and a posting with impact b is worth at most weight * slack * b / 255.
    Of several lists that have an article the best counts if `most`, else their sum up to that of impact 255.

    Of docids: `docs`, ascending, each worth its `bounds`, or nothing where there are none.
    """

    def __cinit__(self, tuple lists=(), double weight=0, double slack=1, bint most=True, docs=None, bounds=None):
        cdef int i
        cdef double step
        cdef PostingList plist
        self.lists = lists
        self.most = most
        self.count = len(lists)
        if docs is not None:
            self.docs = docs
            self.size = self.docs.shape[0]
            self.bounded = bounds is not None
            if self.bounded:
                self.bounds = bounds
                if self.bounds.shape[0] != self.size:
                    raise ValueError("as many bounds as docids expected")
            return
        self.raw = <const List **>malloc(max(self.count, 1) * sizeof(List *))
        if self.raw == NULL:
            raise MemoryError("no memory for the lists of a word")
        for i in range(<int>self.count):
            plist = lists[i]
            self.raw[i] = &plist.list
            self.size += plist.df
        step = weight * MARGIN * slack / 255
        for i in range(256):
            self.worth[i] = max(<float>(step * i), LEAST)

    def __dealloc__(self):
        free(self.raw)

    cdef int verify(self, int64_t low, int64_t high) except -1:
        cdef PostingList plist
        for plist in self.lists:
            plist.verify_docs(low, high)
        return 0


cdef class Walks:
    """The walks through some groups; owns their cursors."""

    cdef Walk *walks
    cdef Cursor *cursors
    cdef Py_ssize_t count

    def __cinit__(self, list groups, int64_t low, int64_t high):
        cdef Py_ssize_t i, k, cursors = 0
        cdef Group group
        cdef Walk *walk
        for group in groups:
            group.verify(low, high)
            cursors += group.count
        self.count = len(groups)
        self.walks = <Walk *>malloc(max(self.count, 1) * sizeof(Walk))
        self.cursors = <Cursor *>malloc(max(cursors, 1) * sizeof(Cursor))
        if self.walks == NULL or self.cursors == NULL:
            raise MemoryError("no memory to walk through posting lists")
        cursors = 0
        for i, group in enumerate(groups):
            walk = &self.walks[i]
            walk.count, walk.most, walk.worth = group.count, group.most, group.worth
            walk.cursors = self.cursors + cursors
            for k in range(group.count):
                rewind(&walk.cursors[k], group.raw[k])
            cursors += group.count
            walk.at, walk.size = 0, 0 if group.count else group.size
            walk.docs = &group.docs[0] if walk.size else NULL
            walk.bounds = &group.bounds[0] if walk.size and group.bounded else NULL

    def __dealloc__(self):
        free(self.walks)
        free(self.cursors)


cdef inline void choose(Choice *choice, int64_t doc, float worth) noexcept nogil:
    """Take an article that was found and is worth something."""
    if worth < choice.least:
        return
    choice.docs[choice.size], choice.bounds[choice.size] = <int32_t>doc, worth
    choice.size += 1
    if choice.best.room:
        offer(&choice.best, worth)
        if choice.best.size == choice.best.room and choice.best.values[0] * choice.share > choice.least:
            choice.least = choice.best.values[0] * choice.share


cdef class Chosen:
    """What was found by a loop, which fills its `choice`: up to `room` articles."""

    def __cinit__(self, Py_ssize_t room, Py_ssize_t keep=0, float share=0, float cutoff=0):
        self.choice.docs = <int32_t *>malloc((max(room, 0) + 1) * sizeof(int32_t))
        self.choice.bounds = <float *>malloc((max(room, 0) + 1) * sizeof(float))
        self.choice.best.values = <float *>malloc(max(keep, 1) * sizeof(float))
        if self.choice.docs == NULL or self.choice.bounds == NULL or self.choice.best.values == NULL:
            raise MemoryError(f"no memory for {room} articles, and what the best {keep} are worth")
        self.choice.least, self.choice.share, self.choice.best.room = cutoff, share, keep

    def __dealloc__(self):
        free(self.choice.docs)
        free(self.choice.bounds)
        free(self.choice.best.values)

    cdef void drop(self) noexcept nogil:
        """Leave out what has turned out not to be worth enough."""
        if self.choice.least > 0:
            self.choice.size = drop_below(self.choice.docs, self.choice.bounds, self.choice.size, self.choice.least)

    cdef tuple taken(self):
        cdef Py_ssize_t n = self.choice.size
        found, sums = np.empty(n, np.int32), np.empty(n, np.float32)
        cdef int32_t[::1] docs = found
        cdef float[::1] bounds = sums
        if n:
            memcpy(&docs[0], self.choice.docs, n * sizeof(int32_t))
            memcpy(&bounds[0], self.choice.bounds, n * sizeof(float))
        return self.choice.total, found, sums, self.choice.least


cdef const uint8_t *flags_of(const uint8_t[::1] alive, int64_t low, int64_t high) except? NULL:
    """Some flags, if there are any, which must be those of the articles from `low` to `high` - 1 too."""
    if low < 0 or (alive is not None and high > alive.shape[0]):
        raise ValueError(f"articles {low} to {high} of {alive.shape[0] if alive is not None else '?'}")
    return &alive[0] if alive is not None and alive.shape[0] else NULL


def all_of(list groups, int64_t low, int64_t high, const uint8_t[::1] alive=None, Py_ssize_t keep=0, float share=0,
           float cutoff=0):
    """The articles from `low` to `high` - 1 that are in every group: (their number, docids, bounds, cutoff).

    The others are left out, and few of these returned, as by `any_of`.
    """
    return collect_all(groups, low, high, flags_of(alive, low, high), keep, share, cutoff).taken()


cdef Chosen collect_all(list groups, int64_t low, int64_t high, const uint8_t *alive, Py_ssize_t keep, float share,
                        float cutoff):
    """`all_of`, with as many flags as articles."""
    if not groups:
        raise ValueError("a group at least expected")
    cdef list ordered = groups if len(groups) == 1 else sorted(groups, key=_size)
    cdef Walks walks = Walks(ordered, low, high)
    cdef Py_ssize_t room = min((<Group>ordered[0]).size, high - low)
    cdef Chosen chosen = Chosen(room, keep, share, cutoff)
    chosen.choice.alive = alive
    if room * walks.count < LONG:
        walk_together(walks, low, high, &chosen.choice)
    else:
        with nogil:
            walk_together(walks, low, high, &chosen.choice)
    chosen.drop()
    return chosen


cdef int walk_together(Walks walks, int64_t low, int64_t high, Choice *choice) except -1 nogil:
    """Choose from the articles that all walks meet."""
    cdef Py_ssize_t g
    cdef float rest = 0
    cdef bint scoring
    cdef Batch batch
    for g in range(1, walks.count):
        rest += most_worth(&walks.walks[g])
    while low < high:
        next_batch(walks.walks, &batch, low, high)
        if batch.size == 0:
            break
        low = <int64_t>batch.docs[batch.size - 1] + 1
        # Where none can be worth enough, they are only counted.
        scoring = <float>(MARGIN * (batch.most + rest)) >= choice.least
        g = 1
        while g < walks.count and batch.count:
            keep_common(&walks.walks[g], &batch, scoring)
            g += 1
        take_batch(walks.walks, &batch, choice, scoring)
    return 0


cdef void take_batch(const Walk *first, const Batch *batch, Choice *choice, bint scoring) noexcept nogil:
    """Take those of a batch that are in all groups."""
    cdef Py_ssize_t i, k
    cdef float worth
    if choice.alive == NULL and not scoring:
        choice.total += batch.count
        return
    for k in range(batch.count):
        i = batch.kept[k]
        if choice.alive != NULL and not choice.alive[batch.docs[i]]:
            continue
        choice.total += 1
        if scoring:
            worth = batch.sums[i]
            choose(choice, batch.docs[i], worth + first.worth[batch.impacts[i]] if batch.impacts != NULL else worth)


def _size(Group group):
    return group.size


cdef struct Window:
    # What the articles from `low` to `high` - 1 are worth so far, 0 for those that were not met. All zeros between uses.
    int64_t low, high
    float *sums
    float *parts
    uint8_t *touched  # which chunks have an article that was met


cdef int add_walk(Walk *walk, Window *window) except -1 nogil:
    """Add what each article of a window is worth by one group."""
    cdef Py_ssize_t k, i
    cdef float most = walk.worth[255]
    if walk.count == 0:
        while walk.at < walk.size and walk.docs[walk.at] < window.high:
            i = walk.docs[walk.at] - window.low
            window.sums[i] += max(walk.bounds[walk.at], LEAST) if walk.bounds != NULL else LEAST
            window.touched[i // CHUNK] = 1
            walk.at += 1
        return 0
    if walk.count == 1:
        return add_list(walk.cursors, walk.worth, window.sums, False, window)
    for k in range(walk.count):
        add_list(&walk.cursors[k], walk.worth, window.parts, walk.most, window)
    for i in range(window.high - window.low):
        window.sums[i] += min(window.parts[i], most)
    memset(window.parts, 0, (window.high - window.low) * sizeof(float))
    return 0


cdef int add_list(Cursor *cursor, const float *worth, float *sums, bint most, Window *window) except -1 nogil:
    """Add to `sums`, or raise them to, what the articles of a window are worth by one list."""
    cdef Py_ssize_t i, end, at
    cdef const uint8_t *impacts
    cdef float one
    if seek(cursor, window.low) >= window.high:
        return 0
    while True:
        impacts = cursor.list.data + cursor.list.impacts + cursor.block * BLOCK
        end = cursor.count
        while cursor.docs[end - 1] >= window.high:
            end -= 1
        for i in range(cursor.at, end):
            at = cursor.docs[i] - window.low
            one = worth[impacts[i]]
            sums[at] = max(sums[at], one) if most else sums[at] + one
            window.touched[at // CHUNK] = 1
        if end < cursor.count:
            cursor.at = end
            return 0
        cursor.at = cursor.count - 1
        # Not to look at a block that is beyond the window: it may not be verified.
        if <int64_t>cursor.docs[cursor.at] + 1 >= window.high or seek(cursor, cursor.docs[cursor.at] + 1) >= window.high:
            return 0


cdef class Scratch:
    """Memory of `any_of`, freed whatever happens."""

    cdef Window window

    def __cinit__(self):
        self.window.sums = <float *>calloc(WINDOW, sizeof(float))
        self.window.parts = <float *>calloc(WINDOW, sizeof(float))
        self.window.touched = <uint8_t *>calloc(WINDOW // CHUNK, 1)
        if self.window.sums == NULL or self.window.parts == NULL or self.window.touched == NULL:
            raise MemoryError("no memory to add up what articles are worth")

    def __dealloc__(self):
        free(self.window.sums)
        free(self.window.parts)
        free(self.window.touched)


def any_of(list groups, int64_t low, int64_t high, const uint8_t[::1] alive=None, Py_ssize_t keep=0, float share=0,
           float cutoff=0):
    """The articles from `low` to `high` - 1 that are in some group: (their number, docids, bounds, cutoff).

    With `alive`, a flag for each docid, the others are left out. Where `keep` is not 0, only the docids of some are
    returned, `keep` at least: those worth `cutoff`, or `share` of what the best `keep` of them are worth at least,
    whichever is more. The last value is that limit.
    """
    return collect_any(groups, low, high, flags_of(alive, low, high), keep, share, cutoff).taken()


cdef Chosen collect_any(list groups, int64_t low, int64_t high, const uint8_t *alive, Py_ssize_t keep, float share,
                        float cutoff):
    """`any_of`, with as many flags as articles."""
    cdef Walks walks = Walks(groups, low, high)
    cdef Scratch scratch = Scratch()
    cdef Py_ssize_t postings = sum(map(_size, groups)), room = min(postings, max(high - low, 0))
    cdef Chosen chosen = Chosen(room, keep, share, cutoff)
    chosen.choice.alive = alive
    if min(postings, room * walks.count) < LONG:
        walk_any(walks, &scratch.window, low, high, &chosen.choice)
    else:
        with nogil:
            walk_any(walks, &scratch.window, low, high, &chosen.choice)
    chosen.drop()
    return chosen


cdef int walk_any(Walks walks, Window *window, int64_t low, int64_t high, Choice *choice) except -1 nogil:
    """Choose from the articles that some walk meets."""
    cdef Py_ssize_t g, chunk
    cdef int64_t base = low
    for g in range(walks.count):
        move(&walks.walks[g], low)  # what lies before the first window is no part of it
    while base < high:
        # Where no group has an article, its window is not looked at.
        base = nearest(walks.walks, walks.count, base)
        if base >= high:
            break
        window.low, window.high = base, min(base + WINDOW, high)
        for g in range(walks.count):
            add_walk(&walks.walks[g], window)
        for chunk in range((window.high - base + CHUNK - 1) // CHUNK):
            if window.touched[chunk]:
                take_chunk(window, chunk, choice)
        base = window.high
    return 0


cdef int take_chunk(Window *window, Py_ssize_t chunk, Choice *choice) except -1 nogil:
    """Choose from the articles of a part of a window, which is clear again then."""
    cdef int64_t first = window.low + chunk * CHUNK
    cdef Py_ssize_t i, size = min(<int64_t>CHUNK, window.high - first)
    cdef float *sums = window.sums + chunk * CHUNK
    for i in range(size if choice.alive != NULL else 0):
        sums[i] *= choice.alive[first + i] != 0
    if promising(sums, size, choice.least, &choice.total):
        for i in range(size):
            if sums[i] != 0:
                choose(choice, first + i, sums[i])
    memset(sums, 0, size * sizeof(float))
    window.touched[chunk] = 0
    return 0


cdef inline bint promising(const float *sums, Py_ssize_t size, float least, Py_ssize_t *total) noexcept nogil:
    """Count those above 0, and tell whether one reaches `least`."""
    cdef Py_ssize_t i
    cdef int32_t present = 0, enough = 0, value, threshold
    # Floats that are not negative are ordered like their bits, and comparing integers is done several at a time.
    memcpy(&threshold, &least, 4)
    for i in range(size):
        memcpy(&value, sums + i, 4)
        present += value > 0
        enough += value >= threshold
    total[0] += present
    return present != 0 and enough != 0


cdef int64_t nearest(Walk *walks, Py_ssize_t count, int64_t doc) except -1 nogil:
    """The first docid from `doc` on of any group."""
    cdef int64_t first = END, found
    cdef Py_ssize_t g
    for g in range(count):
        found = move(&walks[g], doc)
        if found < first:
            first = found
        if first == doc:
            break
    return first


cdef Py_ssize_t drop_below(int32_t *docs, float *bounds, Py_ssize_t count, float least) noexcept nogil:
    cdef Py_ssize_t i, n = 0
    for i in range(count):
        docs[n] = docs[i]
        bounds[n] = bounds[i]
        n += bounds[i] >= least
    return n
