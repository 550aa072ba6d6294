"""`FormTable`: numbers for forms, against a dict."""

import random
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsindex.analysis import MAX_FORM, FormTable, is_bare, tokenize
from newsindex.analysis._forms import END


def test_numbers_are_given_in_order_of_first_sight() -> None:
    table = FormTable()
    ids = table.scan("Ploi în Banat, ploi ÎN Ardeal")
    assert ids.dtype == np.int32
    assert ids.tolist() == [0, 1, 2, 0, 1, 3]
    assert table.forms() == ["ploi", "în", "banat", "ardeal"]
    assert table.forms(2) == ["banat", "ardeal"]
    assert table.forms(9) == []
    assert len(table) == 4


def test_an_empty_text_has_no_forms() -> None:
    table = FormTable()
    assert table.scan("").tolist() == []
    assert table.scan(" -- ").tolist() == []
    assert len(table) == 0
    assert table.forms() == []


def test_interned_and_scanned_forms_are_the_same() -> None:
    table = FormTable()
    number = table.intern("țară")
    assert table.scan("Ţară").tolist() == [number]
    assert table.form(number) == "țară"


def test_the_array_of_a_scan_is_not_touched_by_later_scans() -> None:
    table = FormTable()
    first = table.scan("a b c")
    table.scan("d e f g h")
    assert first.tolist() == [0, 1, 2]


@pytest.mark.parametrize("number", [-1, 1, 1000, 2**40])
def test_unknown_numbers_are_named(number: int) -> None:
    table = FormTable()
    table.intern("a")
    with pytest.raises(IndexError, match=f"number {number}"):
        table.form(number)


def test_lone_surrogates_are_refused() -> None:
    with pytest.raises(UnicodeEncodeError):
        FormTable().intern("a\ud800")


def test_long_forms_are_cut_alike() -> None:
    table = FormTable()
    long = "𝐚" * (MAX_FORM + 10)
    assert table.intern(long) == table.scan(long)[0] == table.intern(long[:MAX_FORM])
    assert table.form(0) == long[:MAX_FORM]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=12), max_size=60))
def test_interning_is_a_dict(forms: list[str]) -> None:
    table, model = FormTable(), dict[str, int]()
    for form in forms:
        assert table.intern(form) == model.setdefault(form, len(model))
    assert table.forms() == list(model)
    assert [table.form(i) for i in range(len(table))] == list(model)


def test_growing_through_many_sizes_loses_nothing() -> None:
    table = FormTable()
    before = table.nbytes
    forms = [f"{word}{i}" for i in range(20_000) for word in ("a", "țărănesc", "anticonstituționalitate")]
    ids = table.scan(" ".join(forms))
    assert ids.tolist() == list(range(len(forms)))
    assert table.forms() == forms
    assert table.scan(" ".join(reversed(forms))).tolist() == list(reversed(range(len(forms))))
    assert table.nbytes > before + sum(len(form.encode()) for form in forms)
    assert table.nbytes < 200 * len(forms)


def test_one_word_of_ten_megabytes() -> None:
    table = FormTable()
    assert table.scan("ă" * 5_000_000 + " b").tolist() == [0, 1]
    assert table.forms() == ["ă" * MAX_FORM, "b"]


def test_threads_may_share_a_table() -> None:
    table = FormTable()
    rng = random.Random(7)
    texts = [" ".join(f"w{rng.randrange(5000)}" for _ in range(2000)) for _ in range(40)]
    results: dict[int, list[int]] = {}

    def work(start: int) -> None:
        for i in range(start, len(texts), 4):
            results[i] = table.scan(texts[i]).tolist()

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    forms = table.forms()
    assert len(set(forms)) == len(forms)
    for i, text in enumerate(texts):
        assert [forms[k] for k in results[i]] == [form for form, _, _ in tokenize(text)]


dirty = st.text(
    st.sampled_from("aăâîșțşţȘeț ,.1\u00ad\u200bs\u0327\u0306é😀中") | st.characters(exclude_categories=["Cs"])
)


@settings(max_examples=300, deadline=None)
@given(st.lists(dirty, max_size=8))
def test_many_texts_are_scanned_as_each_is(texts: list[str]) -> None:
    ids, lengths, bare = FormTable().scan_all(texts)
    one_by_one = FormTable()
    expected = [one_by_one.scan(text).tolist() for text in texts]
    assert ids.tolist() == [number for row in expected for number in (*row, END)]
    assert lengths.tolist() == [len(row) for row in expected]
    assert bare.tolist() == [is_bare(text) for text in texts]
    assert (ids.dtype, lengths.dtype, bare.dtype) == (np.int32, np.int32, np.uint8)


def test_a_list_with_what_is_no_text_is_refused_whole() -> None:
    table = FormTable()
    with pytest.raises(TypeError, match="must be a str, not bytes"):
        table.scan_all(["unu", b"doi"])  # type: ignore[list-item]
    assert len(table) == 0


@settings(max_examples=200, deadline=None)
@given(st.lists(dirty, max_size=5), st.lists(dirty, max_size=5))
def test_a_table_takes_in_another(first: list[str], second: list[str]) -> None:
    table, other = FormTable(), FormTable()
    table.scan_all(first)
    other.scan_all(second)
    numbers = table.intern_all(*other.packed())
    assert [table.form(number) for number in numbers.tolist()] == other.forms()
    assert len(table) == len({*table.forms()})
    assert table.intern_all(*table.packed()).tolist() == list(range(len(table)))


def test_packed_forms_are_the_forms() -> None:
    table = FormTable()
    assert [part.tolist() for part in table.packed()] == [[], [0]]
    table.scan("Ploi în Banat")
    data, starts = table.packed()
    assert (bytes(data).decode(), starts.tolist()) == ("ploiînbanat", [0, 4, 7, 12])
    assert (data.dtype, starts.dtype) == (np.uint8, np.uint64)
