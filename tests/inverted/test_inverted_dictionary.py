"""Dictionaries: what is written, found, matched and merged, against slow twins; and bytes that nobody wrote."""

import itertools
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from inverted_twins import Fence, code_of, decode_dictionary, decoded_tail, encode_dictionary

from newsindex.inverted import _patterns
from newsindex.inverted._dictionary import Dictionary
from newsindex.inverted._dictionary_writer import DictionaryWriter, merge
from newsindex.inverted._pages import Pages
from newsindex.inverted.columns import pack
from newsindex.store.sections import PAGE

folded = st.text(st.sampled_from("aăbșsit中😀"), max_size=5)
entries = st.tuples(folded, st.none() | folded | st.text(st.sampled_from("ăâaîișsțt"), max_size=5)).map(
    lambda pair: pair[0].encode() + (b"" if pair[1] is None else b"\0" + pair[1].encode())
)
# Few letters, so that they share much; and some so long that their lengths do not fit the head of an entry.
long = st.builds(lambda size, end: b"a" * size + end, st.integers(10, 300), st.binary(max_size=20))
forms = st.sets(entries | entries.map(lambda entry: b"\xff" + entry), max_size=100).map(sorted)
names = st.sets(st.text(st.sampled_from("abcț"), max_size=6).map(str.encode) | long, max_size=100).map(sorted)


def form_numbers(count, seed=0):
    rng = random.Random(seed)
    return [(rng.choice([k, rng.randrange(10**6)]), rng.randrange(max(count, 1))) for k in range(count)]


def list_bounds(count, seed=0):
    rng = random.Random(seed)
    ends = np.cumsum([rng.randrange(10), *(rng.choice([1, 9, 200, 10**5]) for _ in range(count))]).tolist()
    return list(itertools.pairwise(ends))


def written(strings, payloads, of_forms):
    writer = DictionaryWriter(of_forms)
    half = len(strings) // 2  # as if of two fields
    for part in (slice(half), slice(half, None)):
        first, second = np.array(payloads[part], np.int64).reshape(-1, 2).T.copy()
        writer.add(*pack(strings[part]), first, second)
    return writer.finish()


def opened(strings, payloads=None, of_forms=True):
    payloads = form_numbers(len(strings)) if payloads is None else payloads
    blocks, offsets = written(strings, payloads, of_forms)
    return Dictionary(Pages(blocks), Pages(offsets.view(np.uint8)), len(strings), 2**50, of_forms)


def points(text):
    return np.array(list(map(ord, text)), np.uint32)


# ------------------------------------------------------------------------------------- writing and reading


@given(forms, st.integers(0, 9))
def test_forms_are_written_as_the_format_says_and_come_back(strings, seed):
    check_both_ways(strings, form_numbers(len(strings), seed), True)


@given(names, st.integers(0, 9))
def test_terms_are_written_as_the_format_says_and_come_back(strings, seed):
    check_both_ways(strings, list_bounds(len(strings), seed), False)


def check_both_ways(strings, payloads, of_forms):
    blocks, offsets = written(strings, payloads, of_forms)
    assert (blocks.tobytes(), offsets.tolist()) == encode_dictionary(strings, payloads, of_forms)
    assert offsets.dtype == np.uint32
    for wide in (offsets, offsets.astype(np.uint64)):
        dictionary = Dictionary(Pages(blocks), Pages(wide.view(np.uint8)), len(strings), 2**50, of_forms)
        assert len(dictionary) == len(strings)
        assert list(zip(*map(list, dictionary.payloads(0, len(strings))), strict=True)) == payloads
        assert [dictionary.entry(at) for at in range(len(strings))] == strings
        assert [dictionary.payload(at) for at in range(len(strings))] == payloads


@given(st.text(st.sampled_from("aistbăț"), max_size=80), st.randoms(use_true_random=False))
def test_diacritics_are_told_by_a_number(text, rng):
    other = "".join(rng.choice({"a": "aăâ", "i": "iî", "s": "sș", "t": "tț"}.get(c, c)) for c in text)
    code = code_of(text, other)
    assert decoded_tail(text.encode(), code).decode() == other if code else True
    entry = text.encode() + b"\0" + other.encode()
    assert opened([entry]).entry(0) == entry


def test_entries_that_are_too_long_and_numbers_that_do_not_fit_are_refused():
    longest = b"a" * 2048
    assert opened([longest], [(0, 9)], False).entry(0) == longest
    for entry in (longest + b"a", b"a\0" + longest):
        with pytest.raises(ValueError, match="an entry of"):
            opened([entry])
    with pytest.raises(ValueError, match="1 entries with 2 and 1 numbers"):
        DictionaryWriter(True).add(*pack([b"a"]), np.zeros(2, np.int64), np.zeros(1, np.int64))


@given(forms, entries | st.binary(max_size=3), st.data())
def test_lower_bound_and_find(strings, key, data):
    payloads = form_numbers(len(strings))
    dictionary = opened(strings, payloads)
    low = data.draw(st.integers(0, len(strings)))
    high = data.draw(st.integers(low, len(strings)))
    part = strings[low:high]
    assert dictionary.lower_bound(low, high, key) == low + sum(one < key for one in part)
    for wanted in (key, *part):
        place = low + part.index(wanted) if wanted in part else None
        assert dictionary.find(low, high, wanted) == (None if place is None else (place, *payloads[place]))


@given(forms, st.text(st.sampled_from("aăbșsit中😀"), max_size=3).map(str.encode) | st.binary(max_size=2), st.data())
def test_entries_that_begin_with_a_prefix(strings, prefix, data):
    payloads = form_numbers(len(strings))
    low = data.draw(st.integers(0, len(strings)))
    high = data.draw(st.integers(low, len(strings)))
    begun = [at for at in range(low, high) if strings[at].partition(b"\0")[0].startswith(prefix)]
    found = _patterns.Finder(prefix=prefix).find_in(opened(strings, payloads), low, high)
    assert found == [(at, *payloads[at]) for at in begun]


def test_many_entries_begin_with_a_prefix():
    strings = sorted({f"{'a' * (k % 40)}{k}".encode() for k in range(5000)})
    payloads = form_numbers(len(strings))
    dictionary = opened(strings, payloads)
    for prefix in (b"", b"a", b"aaa", b"a" * 39, b"1", b"aa1"):
        wanted = [(at, *payloads[at]) for at, text in enumerate(strings) if text.startswith(prefix)]
        assert _patterns.Finder(prefix=prefix).find_in(dictionary, 0, len(strings)) == wanted


@given(st.integers(0, 10**6))
def test_finding_in_many_blocks(seed):
    rng = random.Random(seed)
    strings = sorted({"".join(rng.choices("abcț", k=rng.randint(0, 9))).encode() for _ in range(700)})
    dictionary = opened(strings, list_bounds(len(strings)), False)
    for _ in range(100):
        low = rng.choice([0, rng.randrange(len(strings))])
        high = rng.choice([len(strings), rng.randint(low, len(strings))])
        key = rng.choice(strings)[: rng.randint(0, 9)] + rng.choice([b"", b"a", b"\xff"])
        assert dictionary.lower_bound(low, high, key) == low + sum(one < key for one in strings[low:high])


@given(st.lists(entries, max_size=80))
def test_unsorted_names_the_first_that_does_not_rise(strings):
    falls = [i for i in range(1, len(strings)) if strings[i - 1] >= strings[i]]
    assert opened(strings).unsorted(0, len(strings)) == (falls[0] if falls else -1)


@pytest.mark.parametrize(("low", "high"), [(-1, 0), (0, 3), (2, 1), (3, 3), (2**62, 2**62)])
def test_ranges_that_are_not_there_are_refused(low, high):
    dictionary = opened([b"a", b"b"])
    calls = [
        lambda: dictionary.payloads(low, high),
        lambda: dictionary.lower_bound(low, high, b"a"),
        lambda: dictionary.find(low, high, b"a"),
        lambda: dictionary.unsorted(low, high),
        lambda: dictionary.entry(low if low < 0 else high + 1),
        lambda: dictionary.payload(low if low < 0 else high + 1),
        lambda: _patterns.Wildcards(points("a")).find_in(dictionary, low, high),
        lambda: _patterns.Edits(points("a"), 1).find_in(dictionary, low, high),
        lambda: merge([(dictionary, low, high)]),
    ]
    for call in calls:
        with pytest.raises(ValueError, match="of a dictionary of 2"):
            call()


# ------------------------------------------------------------------------------------------------ patterns


def glob_twin(text, pattern):
    if not pattern:
        return not text
    if pattern[0] == "*":
        return any(glob_twin(text[i:], pattern[1:]) for i in range(len(text) + 1))
    return bool(text) and pattern[0] in ("?", text[0]) and glob_twin(text[1:], pattern[1:])


@settings(max_examples=300)
@given(forms, st.text(st.sampled_from("aăbș中😀?*"), min_size=1, max_size=6), st.data())
def test_wildcard(strings, pattern, data):
    strings = [one for one in strings if one[:1] != b"\xff"]
    payloads = form_numbers(len(strings))
    low = data.draw(st.integers(0, len(strings)))
    found = _patterns.Wildcards(points(pattern)).find_in(opened(strings, payloads), low, len(strings))
    texts = [string.partition(b"\0")[0].decode() for string in strings]
    assert found == [(i, *payloads[i]) for i in range(low, len(strings)) if glob_twin(texts[i], pattern)]
    literal = pattern.replace("?", "*").partition("*")[0].encode()
    narrowed = _patterns.Wildcards(points(pattern), prefix=literal)
    assert narrowed.find_in(opened(strings, payloads), low, len(strings)) == found


def test_a_pattern_of_stars_takes_no_time():
    dictionary = opened([b"a" * 500 + b"%d" % k for k in range(1000)])
    assert not _patterns.Wildcards(points("*a" * 60 + "b")).find_in(dictionary, 0, 1000)


def edits_twin(a, b):
    """Optimal string alignment, by the whole table."""
    table = {(i, 0): i for i in range(len(a) + 1)} | {(0, j): j for j in range(len(b) + 1)}
    for i in range(1, len(a) + 1):
        for j in range(1, len(b) + 1):
            choices = [
                table[i - 1, j] + 1,
                table[i, j - 1] + 1,
                table[i - 1, j - 1] + (a[i - 1] != b[j - 1]),
            ]
            if i > 1 and j > 1 and a[i - 1] == b[j - 2] and a[i - 2] == b[j - 1]:
                choices.append(table[i - 2, j - 2] + 1)
            table[i, j] = min(choices)
    return table[len(a), len(b)]


@settings(max_examples=400)
@given(forms, folded, st.integers(0, 4), st.data())
def test_fuzzy(strings, form, distance, data):
    strings = [one for one in strings if one[:1] != b"\xff"]
    payloads = form_numbers(len(strings))
    low = data.draw(st.integers(0, len(strings)))
    dictionary, finder = opened(strings, payloads), _patterns.Edits(points(form), distance)
    texts = [string.partition(b"\0")[0].decode() for string in strings]
    near = [(i, *payloads[i]) for i in range(low, len(strings)) if edits_twin(texts[i], form) <= distance]
    # One finder serves many dictionaries.
    assert finder.find_in(dictionary, low, len(strings)) == finder.find_in(dictionary, low, len(strings)) == near
    begun = _patterns.Edits(points(form), distance, prefix=form[:1].encode())
    assert begun.find_in(dictionary, low, len(strings)) == [one for one in near if texts[one[0]].startswith(form[:1])]


def test_fuzzy_refuses_what_it_does_not_do():
    dictionary = opened([b"a"])
    for form, distance, reason in (
        ("a", 5, "within 5 edits"),
        ("a", -1, "within -1"),
        ("a" * 513, 0, "513 characters"),
    ):
        with pytest.raises(ValueError, match=reason):
            _patterns.Edits(points(form), distance).find_in(dictionary, 0, 1)


# ------------------------------------------------------------------------------------------------ merging


@given(st.lists(forms, max_size=4), st.data())
def test_merge_unites_and_says_where_each_went(parts, data):
    given_parts, kept = [], []
    for strings in parts:
        low = data.draw(st.integers(0, len(strings)))
        high = data.draw(st.integers(low, len(strings)))
        given_parts.append((opened(strings), low, high))
        kept.append(strings[low:high])
    array, starts, maps = merge(given_parts)
    union = sorted(set().union(*kept))
    expected, expected_starts = pack(union)
    assert array.tobytes() == expected.tobytes()
    assert starts.tolist() == expected_starts.tolist()
    assert [mapped.tolist() for mapped in maps] == [[union.index(one) for one in part] for part in kept]


# ------------------------------------------------------------------------------------------------ pages


def test_only_pages_that_are_read_are_verified():
    strings = [b"%07d%s" % (k, b"x" * 40) for k in range(40_000)]
    blocks, offsets = written(strings, list_bounds(len(strings)), False)
    verified, asked = bytearray(-(-len(blocks) // PAGE)), []

    def verify(start, stop):
        asked.append((start, stop))
        for page in range(start // PAGE, -(-stop // PAGE)):
            verified[page] = 1

    dictionary = Dictionary(Pages(blocks, verified, verify), Pages(offsets.view(np.uint8)), len(strings), 2**50, False)
    assert not any(verified)
    assert dictionary.find(0, len(strings), strings[20_000])[0] == 20_000
    assert 1 <= sum(verified) <= len(verified).bit_length() < len(verified) // 4
    before = len(asked)
    assert dictionary.entry(20_000) == strings[20_000]
    assert len(asked) == before, "that page was verified already"
    assert dictionary.unsorted(0, len(strings)) == -1
    assert all(verified)


def test_what_verifying_raises_comes_through():
    blocks, offsets = written([b"a", b"b"], list_bounds(2), False)

    def verify(start, stop):
        raise RuntimeError(f"{start} to {stop}")

    dictionary = Dictionary(Pages(blocks, bytearray(1), verify), Pages(offsets.view(np.uint8)), 2, 2**50, False)
    with pytest.raises(RuntimeError, match=f"0 to {len(blocks)}"):
        dictionary.find(0, 2, b"a")
    with pytest.raises(ValueError, match="2 pages of 10 bytes"):
        Pages(np.zeros(10, np.uint8), bytearray(2), verify)


# ------------------------------------------------------------------------------------------------ damage

FENCES = Fence(), Fence()
LIMIT = 5000


def small(of_forms):
    words = "ta tara tari tariilor tarilor tata tatii tatilor tin tinut tinuturi tip sar sat sate satelor".split()  # noqa: SIM905
    words += [f"sat{k}" * 3 for k in range(30)]
    strings = {word.encode() for word in words}
    if of_forms:
        strings |= {word.encode() + b"\0" + word.replace("t", "ț", 1).encode() for word in words[:20]}
        strings |= {b"\xfftari\0" + "țară".encode(), "tarâm\0tărâm".encode()}
    strings = sorted(strings)
    payloads = (
        [(k % 40, k % 7) for k in range(len(strings))]
        if of_forms
        else [(9 * k, 9 * k + 9) for k in range(len(strings))]
    )
    return strings, *encode_dictionary(strings, payloads, of_forms)


def use(blocks, offsets, count, of_forms):
    """Ask all there is; what the whole holds, or None where it is refused."""
    pages = [Pages(fence.hold(data)) for fence, data in zip(FENCES, (blocks, offsets), strict=True)]
    try:
        dictionary = Dictionary(*pages, count, LIMIT, of_forms)
    except ValueError:
        return None
    calls = [
        lambda: dictionary.find(0, count, b"tarilor"),
        lambda: dictionary.find(0, count, "tata\0țata".encode()),
        lambda: dictionary.find(40, count, b"zz"),
        lambda: dictionary.entry(count - 1),
        lambda: dictionary.payload(33),
        lambda: dictionary.unsorted(0, count),
        lambda: _patterns.Wildcards(points("*t*")).find_in(dictionary, 0, count),
        lambda: _patterns.Edits(points("tarile"), 2).find_in(dictionary, 0, count),
        lambda: merge([(dictionary, 0, count), (dictionary, 3, count)]),
    ]
    for call in calls:
        try:
            call()
        except ValueError:
            continue
    try:
        whole = [dictionary.entry(at) for at in range(count)]
        first, second = dictionary.payloads(0, count)
    except ValueError:
        return None
    return list(zip(whole, first.tolist(), second.tolist(), strict=True))


def twin(blocks, offsets, count, of_forms):
    array = np.frombuffer(offsets, np.uint32).tolist()
    try:
        return decode_dictionary(blocks, array, count, LIMIT, of_forms)
    except ValueError:
        return None


@pytest.mark.parametrize("of_forms", [True, False])
def test_each_byte_damaged_is_read_as_the_format_says_or_refused(of_forms):
    strings, blocks, starts = small(of_forms)
    offsets = np.array(starts, np.uint32).tobytes()
    assert [one for one, *_ in use(blocks, offsets, len(strings), of_forms)] == strings
    rng = random.Random(of_forms)
    refused = 0
    for data in (blocks, offsets):
        for at in range(len(data)):
            for value in {0, 255, 127, 128, data[at] ^ 1, data[at] ^ 16, rng.randrange(256)} - {data[at]}:
                damaged = data[:at] + bytes([value]) + data[at + 1 :]
                pair = (damaged, offsets) if data is blocks else (blocks, damaged)
                found = use(*pair, len(strings), of_forms)
                assert found == twin(*pair, len(strings), of_forms)
                refused += found is None
    assert refused > len(blocks)


@settings(max_examples=300)
@given(st.binary(max_size=200), st.lists(st.integers(0, 210) | st.just(2**32 - 1), max_size=5), st.integers(-1, 140),
       st.booleans())  # fmt: skip
def test_garbage_is_read_as_the_format_says_or_refused(blocks, starts, count, of_forms):
    offsets = np.array(starts, np.uint32).tobytes()
    if len(starts) == -(-count // 32) + 1:
        assert use(blocks, offsets, count, of_forms) == twin(blocks, offsets, count, of_forms)
    elif count >= 0 and len(offsets) != 8 * (-(-count // 32) + 1):
        with pytest.raises(ValueError, match="bytes of offsets"):
            Dictionary(
                Pages(np.frombuffer(blocks, np.uint8)), Pages(np.frombuffer(offsets, np.uint8)), count, 9, of_forms
            )
