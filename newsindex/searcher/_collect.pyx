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

from newsindex.inverted._blocks cimport BLOCK, END, Cursor, List, decode_docs, first_block, forward, impact, rewind, seek
from newsindex.inverted._gil cimport LONG
from newsindex.inverted._postings cimport PostingList
from newsindex.searcher._kernels cimport gallop

cdef enum:
    WINDOW = 8192  # docids whose bounds are added up at a time: 32 KB, which the fastest cache holds
    CHUNK = 32  # of them are looked at one by one if any is worth enough

cdef float LEAST = 1e-30  # what matches is worth something, so that it differs from what does not
cdef double MARGIN = 1 + 1e-5  # sums of floats are rounded; a bound must not be less than what it bounds


@no_gc  # as the nodes of plans, which say why
cdef class Group:
    """Articles that have one of several terms, or that were found otherwise: one leaf of a plan in one segment.

    Of lists: `lists` are posting lists, and a posting with impact b is worth at most weight * slack * b / 255.
    Of several lists that have an article the best counts if `most`, else their sum up to that of impact 255.

    Of docids: `docs`, ascending, each worth its `bounds`, or nothing where there are none.
    """

    def __cinit__(self, tuple lists=(), double weight=0, double slack=1, bint most=True, docs=None, bounds=None):
        cdef Py_ssize_t i
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
        for i, plist in enumerate(lists):
            self.raw[i] = &plist.list
            self.size += plist.df
        for i in range(256):
            self.worth[i] = <float>max(weight * MARGIN * slack * i / 255, LEAST)

    def __dealloc__(self):
        free(self.raw)

    cdef int verify(self, int64_t low, int64_t high) except -1:
        cdef PostingList plist
        for plist in self.lists:
            plist.verify_docs(low, high)
        return 0


cdef struct Walk:
    # Through a group: either by cursors or along docids.
    Cursor *cursors
    Py_ssize_t count
    const int32_t *docs
    const float *bounds
    Py_ssize_t at, size
    const float *worth
    bint most


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


cdef inline int64_t move(Walk *walk, int64_t doc) except -1 nogil:
    """The first docid of a group from `doc` on, END where there is none."""
    cdef int64_t first = END, found
    cdef Py_ssize_t k
    if walk.count == 1:
        return seek(walk.cursors, doc)
    if walk.count == 0:
        walk.at = gallop(walk.docs, walk.size, walk.at, doc)
        return walk.docs[walk.at] if walk.at < walk.size else END
    for k in range(walk.count):
        found = seek(&walk.cursors[k], doc)
        if found < first:
            first = found
    return first


cdef inline float bound(const Walk *walk, int64_t doc) noexcept nogil:
    """What the article where a walk stands is worth at most."""
    cdef float sum = 0, one
    cdef Py_ssize_t k
    cdef const Cursor *cursor
    if walk.count == 0:
        return walk.bounds[walk.at] if walk.bounds != NULL else 0
    for k in range(walk.count):
        cursor = &walk.cursors[k]
        if cursor.at < cursor.count and cursor.docs[cursor.at] == doc:
            one = walk.worth[impact(cursor)]
            sum = max(sum, one) if walk.most else min(sum + one, walk.worth[255])
    return sum


cdef struct Batch:
    # Some articles of the first group, ascending, and what they are worth by the groups they were found in.
    Py_ssize_t size
    int32_t[BLOCK] docs
    float[BLOCK] sums
    float[BLOCK] parts


cdef int next_batch(Walk *walk, Batch *batch, int64_t low, int64_t high) except -1 nogil:
    """Take the next articles of a group from `low` on."""
    cdef int64_t doc = move(walk, low)
    cdef Cursor *cursor = walk.cursors
    batch.size = 0
    if walk.count == 1:
        while doc < high and cursor.at < cursor.count and cursor.docs[cursor.at] < high:
            batch.docs[batch.size] = <int32_t>cursor.docs[cursor.at]
            batch.sums[batch.size] = walk.worth[impact(cursor)]
            batch.size += 1
            cursor.at += 1
        return 0
    while doc < high and batch.size < BLOCK:
        batch.docs[batch.size] = <int32_t>doc
        batch.sums[batch.size] = bound(walk, doc)
        batch.size += 1
        doc = move(walk, doc + 1)
    return 0


cdef int mark_list(Cursor *cursor, const float *worth, bint most, Batch *batch) except -1 nogil:
    """Note what the articles of a batch are worth by one list, if they are in it."""
    cdef Py_ssize_t i, at = cursor.at, count = cursor.count, block
    cdef uint32_t doc
    cdef float one
    for i in range(batch.size):
        doc = <uint32_t>batch.docs[i]
        if count == 0 or cursor.docs[count - 1] < doc:
            block = first_block(cursor.list, doc, cursor.block + 1)
            if block >= cursor.list.block_count:
                at = count
                break
            count = cursor.count = decode_docs(cursor.list, block, cursor.docs)
            cursor.block = block
            at = 0
            if cursor.docs[count - 1] < doc:
                continue
        at = forward(cursor.docs, at, count, doc)
        if cursor.docs[at] == doc:
            one = worth[cursor.list.data[cursor.list.impacts + cursor.block * BLOCK + at]]
            batch.parts[i] = max(batch.parts[i], one) if most else min(batch.parts[i] + one, worth[255])
    cursor.at = at
    return 0


cdef int keep_marked(Walk *walk, Batch *batch) except -1 nogil:
    """Keep those of a batch that are in a group too, and add what they are worth by it."""
    cdef Py_ssize_t i, k, n = 0
    memset(batch.parts, 0, batch.size * sizeof(float))
    if walk.count == 0:
        for i in range(batch.size):
            if move(walk, batch.docs[i]) == batch.docs[i]:
                batch.parts[i] = max(walk.bounds[walk.at], LEAST) if walk.bounds != NULL else LEAST
    for k in range(walk.count):
        mark_list(&walk.cursors[k], walk.worth, walk.most, batch)
    for i in range(batch.size):
        batch.docs[n] = batch.docs[i]
        batch.sums[n] = batch.sums[i] + batch.parts[i]
        n += batch.parts[i] > 0
    batch.size = n
    return 0


def all_of(list groups, int64_t low, int64_t high):
    """The articles from `low` to `high` - 1 that are in every group: (docids int32, bounds float32)."""
    cdef Py_ssize_t n, room
    cdef Group group
    if not groups:
        raise ValueError("a group at least expected")
    ordered = sorted(groups, key=_size)
    cdef Walks walks = Walks(ordered, low, high)
    group = ordered[0]
    room = max(min(group.size, high - low), 0)
    found, sums = np.empty(room, np.int32), np.empty(room, np.float32)
    cdef int32_t[::1] docs = found
    cdef float[::1] bounds = sums
    if room * walks.count < LONG:
        n = walk_together(walks, low, high, &docs[0], &bounds[0])
    else:
        with nogil:
            n = walk_together(walks, low, high, &docs[0], &bounds[0])
    return found[:n], sums[:n]


cdef Py_ssize_t walk_together(Walks walks, int64_t low, int64_t high, int32_t *docs, float *bounds) except -1 nogil:
    """Put down the articles that all walks meet; returns how many they are."""
    cdef Py_ssize_t n = 0, g
    cdef Batch batch
    while low < high:
        next_batch(walks.walks, &batch, low, high)
        if batch.size == 0:
            break
        low = <int64_t>batch.docs[batch.size - 1] + 1
        g = 1
        while g < walks.count and batch.size:
            keep_marked(&walks.walks[g], &batch)
            g += 1
        if batch.size:
            memcpy(&docs[n], batch.docs, batch.size * sizeof(int32_t))
            memcpy(&bounds[n], batch.sums, batch.size * sizeof(float))
            n += batch.size
    return n


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
    cdef Heap heap

    def __cinit__(self, Py_ssize_t keep):
        self.heap.size, self.heap.room = 0, keep
        self.window.sums = <float *>calloc(WINDOW, sizeof(float))
        self.window.parts = <float *>calloc(WINDOW, sizeof(float))
        self.window.touched = <uint8_t *>calloc(WINDOW // CHUNK, 1)
        self.heap.values = <float *>malloc(max(keep, 1) * sizeof(float))
        if self.window.sums == NULL or self.window.parts == NULL or self.window.touched == NULL \
                or self.heap.values == NULL:
            raise MemoryError("no memory to add up what articles are worth")

    def __dealloc__(self):
        free(self.window.sums)
        free(self.window.parts)
        free(self.window.touched)
        free(self.heap.values)


def any_of(list groups, int64_t low, int64_t high, const uint8_t[::1] alive=None, Py_ssize_t keep=0, float share=0,
           float cutoff=0):
    """The articles from `low` to `high` - 1 that are in some group: (their number, docids, bounds, cutoff).

    With `alive`, a flag for each docid, the others are left out. Where `keep` is not 0, only the docids of some are
    returned, `keep` at least: those worth `cutoff`, or `share` of what the best `keep` of them are worth at least,
    whichever is more. The last value is that limit.
    """
    cdef Py_ssize_t n, total = 0, room, postings
    cdef float least = cutoff
    cdef bint mortal = alive is not None
    cdef Walks walks = Walks(groups, low, high)
    cdef Scratch scratch = Scratch(keep)
    if low < 0 or (mortal and high > alive.shape[0]):
        raise ValueError(f"articles {low} to {high} of {alive.shape[0] if mortal else '?'}")
    postings = sum(map(_size, groups))
    room = min(postings, max(high - low, 0)) + 1
    found, worths = np.empty(room, np.int32), np.empty(room, np.float32)
    cdef int32_t[::1] docs = found
    cdef float[::1] bounds = worths
    cdef const uint8_t *flags = &alive[0] if mortal else NULL
    if min(postings, room * walks.count) < LONG:
        n = walk_any(walks, scratch, low, high, flags, share, &docs[0], &bounds[0], &least, &total)
    else:
        with nogil:
            n = walk_any(walks, scratch, low, high, flags, share, &docs[0], &bounds[0], &least, &total)
    return total, found[:n], worths[:n], least


cdef Py_ssize_t walk_any(Walks walks, Scratch scratch, int64_t low, int64_t high, const uint8_t *alive, float share,
                         int32_t *docs, float *bounds, float *least, Py_ssize_t *total) except -1 nogil:
    """Put down the articles that some walk meets and that are worth enough; returns how many these are.

    `least` is what is enough, and is raised; `total` counts all.
    """
    cdef Py_ssize_t n = 0, g, i, chunk, size
    cdef int64_t base = low, first
    cdef float *sums
    cdef Heap *heap = &scratch.heap
    cdef Window *window = &scratch.window
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
            if not window.touched[chunk]:
                continue
            window.touched[chunk] = 0
            first = base + chunk * CHUNK
            size = min(<int64_t>CHUNK, window.high - first)
            sums = window.sums + chunk * CHUNK
            if alive != NULL:
                for i in range(size):
                    sums[i] *= alive[first + i] != 0
            if promising(sums, size, least[0], total):
                for i in range(size):
                    if sums[i] < least[0] or sums[i] == 0:
                        continue
                    docs[n] = <int32_t>(first + i)
                    bounds[n] = sums[i]
                    n += 1
                    if heap.room:
                        offer(heap, sums[i])
                        if heap.size == heap.room and heap.values[0] * share > least[0]:
                            least[0] = heap.values[0] * share
            memset(sums, 0, size * sizeof(float))
        base = window.high
    return drop_below(docs, bounds, n, least[0]) if least[0] > 0 else n


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
