# cython: language_level=3
"""The steps of a conjunction, for `_collect`: walking through groups of articles, and keeping those that others have too.

A `Walk` goes through what a `Group` has. A `Batch` is a block of articles of one walk, of which fewer and fewer are kept.
"""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t
from libc.string cimport memcpy, memset

from newsindex.inverted._blocks cimport (
    ABSENT,
    BLOCK,
    END,
    Cursor,
    List,
    Places,
    highest_impact,
    impact,
    locate,
    seek,
)
from newsindex.searcher._kernels cimport gallop


cdef inline float least_worth() noexcept nogil:
    """What matches is worth something, so that it differs from what does not."""
    return 1e-30


cdef struct Walk:
    # Through a group: either by cursors or along docids.
    Cursor *cursors
    Py_ssize_t count
    const int32_t *docs
    const float *bounds
    Py_ssize_t at, size
    const float *worth
    bint most


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
    # Some articles of the first group, ascending, and what they are worth by the groups they were found in. At `kept` are
    # those that all groups have which were looked at; by the first, if it is a list, they are worth what `impacts` say.
    Py_ssize_t size, count
    uint32_t[BLOCK] docs
    uint8_t[BLOCK] kept
    float[BLOCK] sums
    float[BLOCK] parts
    const uint8_t *impacts
    float most
    Places found


cdef inline int next_batch(Walk *walk, Batch *batch, int64_t low, int64_t high) except -1 nogil:
    """Take the next articles of a group from `low` on."""
    cdef int64_t doc = move(walk, low)
    cdef Cursor *cursor = walk.cursors
    cdef Py_ssize_t i
    batch.size, batch.impacts = 0, NULL
    if walk.count == 1 and doc < high:
        batch.size = cursor.count - cursor.at
        memcpy(batch.docs, cursor.docs + cursor.at, batch.size * sizeof(uint32_t))
        while batch.docs[batch.size - 1] >= high:
            batch.size -= 1
        batch.impacts = cursor.list.data + cursor.list.impacts + cursor.block * BLOCK + cursor.at
        batch.most = walk.worth[highest_impact(cursor.list, cursor.block)]
        memset(batch.sums, 0, batch.size * sizeof(float))
        cursor.at += batch.size - 1
    elif walk.count != 1:
        while doc < high and batch.size < BLOCK:
            batch.docs[batch.size] = <uint32_t>doc
            batch.sums[batch.size] = bound(walk, doc)
            batch.size += 1
            doc = move(walk, doc + 1)
        batch.most = most_of(batch.sums, batch.size)
    for i in range(batch.size):
        batch.kept[i] = <uint8_t>i
    batch.count = batch.size
    return 0


cdef inline float most_of(const float *values, Py_ssize_t count) noexcept nogil:
    cdef Py_ssize_t i
    cdef float most = 0
    for i in range(count):
        most = max(most, values[i])
    return most


cdef inline float worth_in(const Walk *walk, Py_ssize_t k, const Places *found, Py_ssize_t i) noexcept nogil:
    """What the article of a batch at `i` is worth by list k of a group, which has it."""
    cdef const List *one = walk.cursors[k].list
    return walk.worth[one.data[one.impacts + <Py_ssize_t>found.blocks[i] * BLOCK + found.places[i]]]


cdef inline int keep_common(Walk *walk, Batch *batch, bint scoring) except -1 nogil:
    """Keep those of a batch that are in a group too, and if `scoring` add what they are worth by it."""
    cdef Py_ssize_t i, k, n = 0
    if walk.count != 1:
        return keep_marked(walk, batch)
    locate(walk.cursors, batch.docs, batch.kept, batch.count, &batch.found)
    for k in range(batch.count):
        i = batch.kept[k]
        batch.kept[n] = <uint8_t>i
        n += batch.found.places[i] != ABSENT
    for k in range(n if scoring else 0):
        i = batch.kept[k]
        batch.sums[i] += worth_in(walk, 0, &batch.found, i)
    batch.count = n
    return 0


cdef inline int keep_marked(Walk *walk, Batch *batch) except -1 nogil:
    """`keep_common` for docids, and for several lists."""
    cdef Py_ssize_t i, j, k, n = 0
    cdef float one
    memset(batch.parts, 0, batch.size * sizeof(float))
    for j in range(batch.count if walk.count == 0 else 0):
        i = batch.kept[j]
        if move(walk, batch.docs[i]) == batch.docs[i]:
            batch.parts[i] = max(walk.bounds[walk.at], least_worth()) if walk.bounds != NULL else least_worth()
    for k in range(walk.count):
        locate(&walk.cursors[k], batch.docs, batch.kept, batch.count, &batch.found)
        for j in range(batch.count):
            i = batch.kept[j]
            if batch.found.places[i] != ABSENT:
                one = worth_in(walk, k, &batch.found, i)
                batch.parts[i] = max(batch.parts[i], one) if walk.most else min(batch.parts[i] + one, walk.worth[255])
    for j in range(batch.count):
        i = batch.kept[j]
        batch.sums[i] += batch.parts[i]
        batch.kept[n] = <uint8_t>i
        n += batch.parts[i] > 0
    batch.count = n
    return 0


cdef inline float most_worth(const Walk *walk) noexcept nogil:
    """What an article is worth at most by a group."""
    cdef Py_ssize_t block
    cdef uint8_t impact = 0
    if walk.count == 0:
        return most_of(walk.bounds, walk.size) if walk.bounds != NULL else 0
    if walk.count > 1:
        return walk.worth[255]
    for block in range(walk.cursors.list.block_count):
        impact = max(impact, highest_impact(walk.cursors.list, block))
    return walk.worth[impact]
