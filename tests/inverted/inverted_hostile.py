"""Reading posting lists that nobody wrote, in every way there is: each answer is what it must be, or a ValueError.

For test_inverted_hostile_lists, and for the fuzzers of tests/reliability.
"""

import numpy as np
from inverted_twins import Fence, columns, numbers, random_lengths, random_list

from newsindex.inverted._list_merger import ListMerger, Lists
from newsindex.inverted._pages import Pages
from newsindex.inverted._posting_writer import PostingWriter
from newsindex.inverted._postings import PostingList
from newsindex.searcher._collect import Group, all_of, any_of
from newsindex.searcher._phrases import Terms, find_phrase
from newsindex.searcher._scoring import Leaf, Scale, score
from newsindex.searcher._top import best_of

ARTICLES = 2000
# Bytes of result per byte of section: at best 128 articles in 2 bytes, each an int32 docid and count; or 8 occurrences
# in one, each of four int32.
EXPANSION = 8 * 128


FENCES = Fence(), Fence()


def fenced(postings, positions):
    """Both sections where reading past their ends is a crash."""
    return [fence.hold(data) for fence, data in zip(FENCES, (postings, positions), strict=True)]


def true_sections():
    """Lists of one block, of several, and with many occurrences: (offsets, postings, positions)."""
    sections = bytearray(), bytearray()
    lengths = random_lengths(0, ARTICLES)
    writer = PostingWriter(lambda chunk: sections[0].extend(chunk), lambda chunk: sections[1].extend(chunk), lengths)
    offsets = []
    for seed, (size, most) in enumerate([(1, 1), (40, 9), (128, 2), (129, 3), (700, 1), (300, 12)]):
        writer.field("text" if seed % 2 else "source")
        offsets.append(writer.begin(3))
        writer.add(*columns(random_list(seed, size, ARTICLES, 3, 400, most)))
        writer.end()
    writer.finish()
    return offsets, *sections


TRUE = true_sections()


def damaged(rng, data):
    """Some bytes, most of them as they were."""
    data = bytearray(data)
    kind = rng.randrange(5)
    if kind == 0:
        for _ in range(rng.randint(1, 4)):
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    elif kind == 1:
        for _ in range(rng.randint(1, 4)):
            data[rng.randrange(len(data))] = rng.choice([0, 1, 2, 31, 32, 33, 127, 128, 255])
    elif kind == 2:
        del data[rng.randrange(len(data)) :]
    elif kind == 3:
        at = rng.randrange(len(data))
        data[at : at + 4] = rng.choice([0, 1, 127, 2**31 - 1, 2**31, 2**32 - 1]).to_bytes(4, "little")
    else:
        at = rng.randrange(len(data))
        size = rng.randint(1, 300)
        data[at : at + size] = rng.choice([rng.randbytes(size), bytes(size), b"\xff" * size])
    return bytes(data)


def walk(plist, articles, whole):
    """Find the articles of one list by the loops of searches: those of `whole`, or any where the list is damaged."""
    group, twice = Group((plist,), 2.0, 1.5), Group((plist, plist), 2.0, 1.5, False)
    for low, high in ((articles // 3, articles // 2 + 1), (0, articles)):
        rows = [all_of(groups, low, high)[1:3] for groups in ([group], [twice], [group, twice])]
        rows += [any_of(groups, low, high)[1:3] for groups in ([group], [twice], [group, twice])]
        some = [any_of([group], low, high, None, 5, 0.9), best_of(group, low, high, 1), best_of(group, low, high, 100)]
        for docs, bounds in [*rows, *((docs, bounds) for _, docs, bounds, _ in some)]:
            assert (np.diff(docs.astype(np.int64)) > 0).all()
            assert docs.min(initial=low) >= low
            assert docs.max(initial=low) < high
            assert ((bounds > 0) & (bounds <= 6.001)).all()
        if whole is not None:
            inside = [doc for doc in whole if low <= doc < high]
            assert all(docs.tolist() == inside for docs, _ in rows)
            assert all(total == len(inside) and {*docs.tolist()} <= {*inside} for total, docs, _, _ in some)


def count(plist, docs, articles):
    """Count the occurrences in some articles, and score them."""
    assert len(plist.impacts()) == plist.df
    assert not plist.is_alive(np.zeros(articles, np.uint8), 0)
    lengths = numbers(np.arange(articles, dtype=np.uint32))
    marks = np.array([1, 7, 3, 0], np.uint8)
    for limits, some in ((None, None), (lengths, marks)):
        tally = plist.tally(docs, limits, some, 1)
        assert (tally >= 0).all()
        assert (tally[:, 1::2] <= tally[:, ::2]).all()
    scale = Scale(lengths, lengths, 10.0, 100.0, 0.25, 0.05)
    leaf = Leaf("text", 1.0, (plist, plist), (bytes(marks), b""), (1, 1), True, 0.3, 1.0)
    scores = score([leaf], scale, docs)
    assert ((scores >= 0) & (scores <= 1.3)).all()
    words = [Terms((plist,), (marks,), (0,), True), Terms((plist, plist), (marks, marks[:0]), (1, 1), True)]
    for wanted in (None, docs):
        found, sums = find_phrase(words, 0, articles, 2, True, lengths, wanted)
        assert (sums[:, 0] > 0).all()
        assert (sums[:, 1::2] <= sums[:, ::2]).all()
        assert wanted is None or np.isin(found, docs).all()


LENGTHS_OF_TWO = random_lengths(0, 2 * ARTICLES)


def opened(postings, positions, starts, first):
    """Lists whose docids get every other number from `first` on, and whose forms keep theirs, of which they have 3."""
    terms = np.arange(len(starts) - 1, dtype=np.int32)
    forms = np.arange(3 * len(starts), dtype=np.int32)
    renumbered = np.arange(first, 2 * ARTICLES, 2, dtype=np.int32)
    return Lists(Pages(postings), Pages(positions), starts, renumbered, terms, forms[::3].copy(), forms)


def merge(postings, positions, starts):
    """What becomes of lists that are merged with the true ones, as bytes."""
    made = bytearray()
    true = [np.frombuffer(part, np.uint8) for part in TRUE[1:]]
    bounds = np.array([*TRUE[0], len(TRUE[1]) - 8], np.uint64)
    writer = PostingWriter(made.extend, made.extend, LENGTHS_OF_TWO)
    merger = ListMerger([opened(postings, positions, starts, 0), opened(*true, bounds, 1)])
    merger.write(writer, np.full(max(len(starts), len(bounds)) - 1, 3, np.int32))
    writer.finish()
    return made


def read_everything(postings, positions, start, stop, articles):
    """Ask one list for all that it has; check what every answer must fulfil."""
    room = EXPANSION * (len(postings) + len(positions) + 16)
    plist = PostingList(Pages(postings), Pages(positions), start, stop, articles)
    try:
        docs, counts = plist.docs()
    except ValueError:
        walk(plist, articles, None)
        raise
    walk(plist, articles, docs.tolist())
    assert docs.nbytes + counts.nbytes <= room
    assert (np.diff(docs.astype(np.int64)) > 0).all()
    assert 0 <= docs.min() <= docs.max() < articles
    assert counts.min() >= 1
    assert int(counts.sum()) <= 8 * (len(postings) + len(positions))
    for wanted in (docs, docs[::2], docs[-3:], np.arange(0, min(articles, 3000), 7, dtype=np.int32)):
        wanted = np.ascontiguousarray(wanted)
        try:
            if articles <= ARTICLES:
                count(plist, wanted, articles)
            starts, places, forms = plist.occurrences(wanted)
        except ValueError:
            continue
        assert places.nbytes + forms.nbytes <= room
        assert starts[0] == 0
        assert starts[-1] == len(places) == len(forms)
        assert (np.diff(starts) >= 0).all()
        assert places.min(initial=0) >= 0
        assert 0 <= forms.min(initial=0) <= forms.max(initial=0) < plist.forms
        starts, places, marks = plist.occurrences(wanted, np.array([0, 2], np.uint8), 1)
        assert starts[-1] == len(places) == len(marks)
        assert marks.all()
    return docs
