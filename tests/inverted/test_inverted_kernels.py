"""The counting sort and the kernels over packed strings against slow twins."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsindex.analysis import fold, fold_table
from newsindex.analysis.stemmer import Classes
from newsindex.inverted import _strings
from newsindex.inverted._invert import GAP, GAP_TOKEN, Inverter, count
from newsindex.inverted.columns import pack
from newsindex.inverted.entries import form_entry, reading_entry
from newsindex.inverted.vocabulary import Vocabulary, rank_in_groups

# ------------------------------------------------------------------------------------------------ invert


@given(st.lists(st.lists(st.integers(GAP_TOKEN, 5), max_size=12), max_size=8), st.booleans(), st.data())
def test_invert_sorts_occurrences_by_term_article_and_position(rows, stemmed, data):
    order = data.draw(st.permutations(range(len(rows))))
    order = order[: data.draw(st.integers(0, len(rows)))]  # the others were taken back
    more = data.draw(st.lists(st.integers(0, 2), min_size=6, max_size=6))  # readings of each form
    firsts = [6, *(6 + sum(more[: form + 1]) for form in range(6))]
    always = data.draw(st.lists(st.booleans(), min_size=6, max_size=6))
    bare = data.draw(st.lists(st.booleans(), min_size=len(rows), max_size=len(rows)))
    # No form is read twice as one term.
    form_terms = data.draw(st.lists(st.integers(0, 3), min_size=6, max_size=6))
    for form in range(6):
        others = [term for term in range(4) if term != form_terms[form]]
        form_terms += data.draw(st.permutations(others))[: more[form]]
    form_numbers = data.draw(st.lists(st.integers(0, 9), min_size=firsts[-1], max_size=firsts[-1]))
    expected = []
    for doc, row in enumerate(order):
        position = 0
        for token in rows[row]:
            if token == GAP_TOKEN:
                position += GAP
                continue
            read = stemmed and (bare[row] or always[token])
            forms = [token, *(range(firsts[token], firsts[token + 1]) if read else ())]
            expected += [(form_terms[form], doc, position, form_numbers[form]) for form in forms]
            position += 1
    expected.sort(key=lambda one: one[:3])
    bounds = np.cumsum([0, *map(len, rows)])
    whole = (
        np.array([token for row in rows for token in row], np.int32),
        bounds[:-1],
        bounds[1:],
        np.array(order, np.int32),
    )
    first = data.draw(st.integers(0, 4))
    end = data.draw(st.integers(first, 4))  # a portion of the terms
    expected = [one for one in expected if first <= one[0] < end]
    sizes = np.array([sum(one[0] == term for one in expected) for term in range(first, end)], np.int64)
    room = np.zeros((len(expected), 3), np.int32)
    inverter = Inverter(
        *whole,
        np.array(form_terms, np.int32),
        np.array(form_numbers, np.int32),
        np.array([first, end, 4], np.int64),
        np.array(firsts, np.int32) if stemmed else None,
        np.array(always, np.uint8),
        np.array(bare, np.uint8),
    )
    starts, total = inverter.invert(1, sizes, first, room)
    assert starts.tolist() == [sum(one[0] < term for one in expected) for term in range(first, end + 1)]
    assert total == len(expected)
    assert list(map(tuple, room.tolist())) == [one[1:] for one in expected]
    if total:
        with pytest.raises(ValueError, match=f"room for {total - 1} occurrences where there are {total}"):
            inverter.invert(1, sizes, first, room[1:])


@given(st.integers(1, 600), st.integers(0, 20))
def test_there_may_be_more_portions_than_marks(portions, seed):
    tokens = np.random.default_rng(seed).integers(0, portions, 300).astype(np.int32)
    numbers = np.arange(portions, dtype=np.int32)
    bounds = np.array([0, 137, 300], np.int64)
    ends, order = np.arange(1, portions + 1), np.array([1, 0], np.int32)
    inverter = Inverter(tokens, bounds[:-1], bounds[1:], order, numbers, numbers, ends)
    for portion in (*range(min(portions, 5)), portions - 1):
        places = [*np.flatnonzero(tokens[137:] == portion), *np.flatnonzero(tokens[:137] == portion)]
        room = np.zeros((len(places), 3), np.int32)
        inverter.invert(portion, np.array([len(places)]), portion, room)
        assert room[:, 1].tolist() == places
        assert room[:, 0].tolist() == sorted(room[:, 0].tolist())


@given(st.lists(st.tuples(st.lists(st.integers(GAP_TOKEN, 4), max_size=9), st.booleans()), max_size=6), st.data())
def test_count_counts_forms_in_all_and_in_bare_articles(articles, data):
    order = data.draw(st.permutations(range(len(articles))))[: data.draw(st.integers(0, len(articles)))]
    bounds = np.cumsum([0, *(len(row) for row, _ in articles)])
    counts, in_bare = count(
        np.array([token for row, _ in articles for token in row], np.int32),
        bounds[:-1],
        bounds[1:],
        np.array(order, np.int32),
        np.array([bare for _, bare in articles], np.uint8),
        5,
    )
    assert counts.tolist() == [sum(articles[a][0].count(form) for a in order) for form in range(5)]
    assert in_bare.tolist() == [sum(articles[a][0].count(form) for a in order if articles[a][1]) for form in range(5)]


@given(st.lists(st.integers(0, 3), max_size=12).map(sorted))
def test_rank_in_groups(groups):
    expected = [number for _, run in itertools.groupby(groups) for number, _ in enumerate(run)]
    assert rank_in_groups(np.array(groups, np.int64)).tolist() == expected


class FourStems:
    """A stemmer of a few words, that needs no lexicon: tara may be țara, and scl is școală in any article."""

    def readings(self, form, bare=False):
        return {"tara": ("tar", "țar"), "scl": ("scl", "școală", "sculă")}.get(form, (form,))

    def classify(self, forms, entries, bare):
        forms = [form.decode() for form in unpacked(forms)]
        always = np.array([form == "scl" for form in forms])
        found = [("țar",) if form.startswith("ț") else self.readings(form) for form in forms]
        names = sorted({name for readings in found for name in readings}, reverse=True)  # in any order
        firsts = np.array([names.index(readings[0]) for readings in found])
        whole = [known or lacks for known, lacks in zip(always, bare, strict=True)]
        others = [
            (form, names.index(name))
            for form, (readings, all_of_them) in enumerate(zip(found, whole, strict=True))
            if all_of_them
            for name in readings[1:]
        ]
        owners, classes = np.array(others, np.int64).reshape(-1, 2).T
        return Classes(pack([name.encode() for name in names]), firsts, owners, classes, always)


def unpacked(packed):
    data, starts = packed
    return [data[start:stop].tobytes() for start, stop in itertools.pairwise(starts.tolist())]


FORMS = ["țara", "tara", "țării", "om", "gone"]


def chosen(counts, in_bare, forms=FORMS, **options):
    vocabulary = Vocabulary(pack([form.encode() for form in forms]), FourStems(), np.array(in_bare) > 0)
    return vocabulary, vocabulary.select(np.array(counts), np.array(in_bare), **options)


def test_a_field_numbers_forms_by_frequency_and_leaves_out_what_does_not_occur():
    vocabulary, made = chosen([3, 9, 4, 1, 0], [0] * 5, stemmed=True)
    assert unpacked(made.terms) == [b"om", b"tar", "țar".encode()]
    assert unpacked(made.entries) == [b"om", b"tara", "tara\0țara".encode(), "tarii\0țării".encode()]
    assert made.entry_forms.tolist() == [3, 1, 0, 2]
    assert made.form_terms[[0, 1, 2, 3]].tolist() == [2, 1, 2, 0]
    assert made.form_numbers[[0, 1, 2, 3]].tolist() == [1, 0, 0, 0]
    assert made.form_counts.tolist() == [1, 1, 2]
    names = vocabulary.select(np.array([3, 9, 4, 1, 0]), np.array([0] * 5), stemmed=False)
    assert unpacked(names.terms) == [b"om", b"tara", b"tarii"]
    assert unpacked(vocabulary.select(np.zeros(5, np.int64), np.zeros(5, np.int64), stemmed=True).terms) == []


def test_a_form_in_bare_articles_is_a_form_of_its_other_readings_too():
    vocabulary, made = chosen([3, 9, 4, 1, 0], [0, 5, 0, 0, 0], stemmed=True)
    firsts, always = vocabulary.readings
    assert firsts.tolist() == [5, 5, 6, 6, 6, 6]
    assert always.tolist() == [0] * 5
    assert unpacked(made.entries)[-1] == b"\xfftara\0" + "țar".encode() == reading_entry(b"tara", "țar".encode())
    assert unpacked(made.terms) == [b"om", b"tar", "țar".encode()]
    assert made.entry_forms.tolist() == [3, 1, 0, 2, 5]
    # By frequency: tara read as țar 5 times, țării 4 times, țara 3 times.
    assert made.form_terms[[0, 2, 5]].tolist() == [2, 2, 2]
    assert made.form_numbers[[5, 2, 0]].tolist() == [0, 1, 2]
    assert made.form_counts.tolist() == [1, 1, 3]
    names = vocabulary.select(np.array([3, 9, 4, 1, 0]), np.array([0, 5, 0, 0, 0]), stemmed=False)
    assert unpacked(names.entries) == [b"om", b"tara", "tara\0țara".encode(), "tarii\0țării".encode()]
    unused = vocabulary.select(np.array([3, 9, 4, 1, 0]), np.zeros(5, np.int64), stemmed=True)
    assert unpacked(unused.entries) == unpacked(names.entries), "not in the bare articles of this field"


def test_what_cannot_be_anything_else_is_read_so_in_every_article():
    vocabulary, made = chosen([2, 3], [0, 0], forms=["om", "scl"], stemmed=True)
    assert vocabulary.readings[0].tolist() == [2, 2, 4]
    assert vocabulary.readings[1].tolist() == [0, 1]
    assert unpacked(made.terms) == [b"om", b"scl", "sculă".encode(), "școală".encode()]
    readings = [reading_entry(b"scl", other.encode()) for other in ("sculă", "școală")]
    assert unpacked(made.entries) == [b"om", b"scl", *readings]
    assert made.form_counts.tolist() == [1, 1, 1, 1]


# --------------------------------------------------------------------------------------- many packed strings


@given(st.lists(st.binary(max_size=12) | st.text("ab", max_size=20).map(str.encode), max_size=40))
def test_strings_are_ordered_and_ranked_by_their_bytes(strings):
    packed = pack(strings)
    assert _strings.order(*packed).tolist() == sorted(range(len(strings)), key=lambda i: (strings[i], i))
    ranks, chosen = _strings.ranks(*packed)
    distinct = sorted(set(strings))
    assert ranks.tolist() == [distinct.index(string) for string in strings]
    assert [strings[i] for i in chosen] == distinct
    ordered = sorted(strings)
    assert _strings.fresh(*pack(ordered)).tolist() == [
        i == 0 or ordered[i] != ordered[i - 1] for i in range(len(ordered))
    ]


@given(
    st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0") | st.sampled_from("ăâșłñ中😀ﬁ")))
)
def test_strings_are_folded_as_one_is(forms):
    packed = pack([form.encode() for form in forms])
    folded = _strings.fold(*packed, fold_table())
    assert unpacked(folded) == [fold(form).encode() for form in forms]
    assert unpacked(_strings.entries(*packed, *folded)) == [form_entry(form, fold(form)) for form in forms]


@given(st.lists(st.binary(max_size=6), max_size=30), st.data())
def test_gather(strings, data):
    wanted = data.draw(st.lists(st.integers(0, len(strings) - 1), max_size=40)) if strings else []
    found, starts = _strings.gather(*pack(strings), np.array(wanted, np.int64))
    expected, expected_starts = pack([strings[number] for number in wanted])
    assert found.tobytes() == expected.tobytes()
    assert starts.tolist() == expected_starts.tolist()


@pytest.mark.parametrize("wanted", [-1, 2, 2**62])
def test_gather_refuses_strings_that_are_not_there(wanted):
    with pytest.raises(ValueError, match=f"string {wanted} of 2"):
        _strings.gather(*pack([b"a", b"b"]), np.array([wanted]))
