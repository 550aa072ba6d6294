"""Patterns in dictionaries so large that `fuzzy` and `wildcard` pass over most entries, against a look at each."""

import random
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsindex.inverted import _patterns
from newsindex.inverted._dictionary import Dictionary
from newsindex.inverted._dictionary_writer import DictionaryWriter
from newsindex.inverted._pages import Pages
from newsindex.inverted.columns import pack


def points(text):
    return np.fromiter(map(ord, text), np.uint32, len(text))


def dictionary(rng, letters, count, longest):
    """Folded forms, some with further spellings, in byte order."""
    folded = ("".join(rng.choices(letters, k=rng.randint(1, longest))) for _ in range(count))
    entries = (form + rng.choice(["", "", f"\0{form[::-1]}", f"\0{form}e"]) for form in folded)
    return sorted({entry.encode() for entry in entries})


def opened(entries):
    writer = DictionaryWriter(of_forms=True)
    writer.add(*pack(entries), *np.zeros((2, len(entries)), np.int64))
    blocks, offsets = writer.finish()
    return Dictionary(Pages(blocks), Pages(offsets.view(np.uint8)), len(entries), 1, True)


def texts(entries):
    return [entry.partition(b"\0")[0].decode() for entry in entries]


def distance(a, b):
    """Optimal string alignment, by rows."""
    above, row = [], list(range(len(b) + 1))
    for i, letter in enumerate(a):
        two_above, above, row = above, row, [i + 1]
        for j, other in enumerate(b):
            row.append(min(above[j] + (letter != other), above[j + 1] + 1, row[j] + 1))
            if i and j and letter == b[j - 1] and a[i - 1] == other:
                row[-1] = min(row[-1], two_above[j - 1] + 1)
    return row[-1]


def regex(pattern):
    return re.compile("".join({"*": ".*", "?": "."}.get(c, re.escape(c)) for c in pattern), re.DOTALL)


LETTERS = ["ab", "abcde", "aäșț中😀", "abcdefghijklmnopqrstuvwxyz"]


def numbers(found):
    return [number for number, _, _ in found]


@pytest.mark.parametrize("letters", LETTERS)
def test_fuzzy_finds_what_a_look_at_each_entry_finds(letters):
    rng = random.Random(letters)
    entries = dictionary(rng, letters, 1500, 8)
    forms_there = opened(entries)
    forms = texts(entries)
    for edits in (0, 1, 2, 3):
        for _ in range(8):
            wanted = list(rng.choice(forms))
            for _ in range(rng.randint(0, edits)):
                wanted.insert(rng.randint(0, len(wanted)), rng.choice(letters))
            wanted = "".join([*wanted[1:2], *wanted[:1], *wanted[2:]] if rng.random() < 0.3 else wanted)
            low = rng.choice([0, rng.randrange(len(entries))])
            high = rng.choice([len(entries), rng.randint(low, len(entries))])
            expected = [at for at in range(low, high) if distance(forms[at], wanted) <= edits]
            assert numbers(_patterns.Edits(points(wanted), edits).find_in(forms_there, low, high)) == expected


@settings(max_examples=200)
@given(st.lists(st.text(st.sampled_from("abț"), max_size=6), max_size=30), st.text(st.sampled_from("abț"), max_size=6),
       st.integers(0, 3))  # fmt: skip
def test_fuzzy_takes_entries_in_any_order(forms, wanted, edits):
    data, starts = pack([form.encode() for form in forms])
    found = _patterns.fuzzy_strings(data, starts, points(wanted), edits)
    assert found.tolist() == [at for at, form in enumerate(forms) if distance(form, wanted) <= edits]


@pytest.mark.parametrize("letters", LETTERS)
def test_wildcards_find_what_a_look_at_each_entry_finds(letters):
    rng = random.Random(letters)
    entries = dictionary(rng, letters, 1500, 8)
    rng.shuffle(entries)  # wildcards need no order
    forms_there = opened(entries)
    data, starts = pack(entries)
    forms = texts(entries)
    for _ in range(60):
        pattern = "".join(rng.choices([*rng.choice(forms), "*", "?"], k=rng.randint(1, 6)))
        low = rng.choice([0, rng.randrange(len(entries))])
        high = rng.choice([len(entries), rng.randint(low, len(entries))])
        expected = [at for at in range(low, high) if regex(pattern).fullmatch(forms[at])]
        assert numbers(_patterns.Wildcards(points(pattern)).find_in(forms_there, low, high)) == expected
        every = [at for at, form in enumerate(forms) if regex(pattern).fullmatch(form)]
        assert _patterns.wildcard_strings(data, starts, points(pattern)).tolist() == every


def test_a_literal_is_found_across_what_an_entry_shares_with_the_one_before():
    forms_there = opened([b"abc", b"abcd", b"abd", b"abdcde", b"cd\0cde", b"cdx"])
    for pattern, expected in (("*cd*", [1, 3, 4, 5]), ("*bc*", [0, 1]), ("*cde*", [3]), ("*bd*", [2, 3])):
        assert numbers(_patterns.Wildcards(points(pattern)).find_in(forms_there, 0, 6)) == expected
    assert numbers(_patterns.Wildcards(points("*bc*")).find_in(forms_there, 1, 2)) == [1]


def test_long_literals_and_long_entries():
    long = "a" * 600
    entries = [long.encode(), (long[:40] + "b").encode()]
    data, starts = pack(entries)
    for look in (
        lambda pattern: numbers(_patterns.Wildcards(points(pattern)).find_in(opened(entries), 0, 2)),
        lambda pattern: _patterns.wildcard_strings(data, starts, points(pattern)).tolist(),
    ):
        assert look("a" * 40 + "b") == [1]
        # Of an entry that is longer than any form 512 characters count.
        assert look("a" * 512) == [0]
    assert numbers(_patterns.Edits(points(long[:40]), 1).find_in(opened(entries), 0, 2)) == [1]
    assert numbers(_patterns.Edits(points(long[:512]), 0).find_in(opened(entries), 0, 2)) == [0]


@pytest.mark.parametrize("starts", [[], [0, 9], [2, 1, 3], [5, 2**64 - 1, 3]])
def test_strings_that_are_none_are_refused(starts):
    data, starts = np.zeros(3, np.uint8), np.array(starts, np.uint64)
    for call in (lambda: _patterns.wildcard_strings(data, starts, points("a")),
                 lambda: _patterns.fuzzy_strings(data, starts, points("a"), 1)):  # fmt: skip
        with pytest.raises(ValueError, match="string"):
            call()
