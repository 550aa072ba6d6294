"""`ProseRows` and `ValueRows`: the words of buffered articles, with threads, failures and second attempts."""

import datetime as dt
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from inverted_twins import STEMMER, MemorySections, write_inverted

from newsindex.analysis import FormTable, is_bare, tokenize
from newsindex.article import Article, micros
from newsindex.inverted import build, rows
from newsindex.inverted._metadata import NO_TIME, moment_of
from newsindex.inverted.build import SegmentBuilder, _runs
from newsindex.inverted.rows import ProseRows, ValueRows

TEXTS = [(f"Titlul {n}", f"Text cu numărul {n} și cuvântul x{n % 7}" if n % 3 else f"Text {n}") for n in range(400)]


@pytest.fixture
def small_batches(monkeypatch):
    monkeypatch.setattr(rows, "BATCH", 200)


def words(forms, row, article):
    return [
        forms.form(number) if number >= 0 else "|" for number in row.tokens[row.begins[article] : row.ends[article]]
    ]


def check(prose, forms, texts=TEXTS):
    whole, titles, bare = prose.finish()
    for article, (title, body) in enumerate(texts):
        expected = [form for form, _, _ in tokenize(title)]
        assert words(forms, titles, article) == expected
        assert words(forms, whole, article) == [*expected, "|", *(form for form, _, _ in tokenize(body))]
        assert bare[article] == (is_bare(title) and is_bare(body))
    assert len(bare) == len(titles.begins) == len(texts)


def of_ours():
    return [thread for thread in threading.enumerate() if thread.name.startswith("newsindex-words")]


def test_words_are_those_of_the_texts_whoever_read_them(small_batches):
    forms = FormTable()
    prose = ProseRows(forms)
    estimates = []
    for text in TEXTS:
        prose.add(*text)
        estimates.append(prose.words)
    assert of_ours(), "nothing was read meanwhile"
    check(prose, forms)
    check(prose, forms)  # as for a commit that is tried again
    prose.add("Încă", "unul")
    check(prose, forms, [*TEXTS, ("Încă", "unul")])
    prose.close()
    assert not of_ours()
    again = ProseRows(FormTable())
    for text, estimate in zip(TEXTS, estimates, strict=True):
        again.add(*text)
        assert again.words == estimate, "the estimate depends on the threads"
    again.close()


def test_few_texts_need_no_thread():
    forms = FormTable()
    prose = ProseRows(forms)
    for text in TEXTS[:5]:
        prose.add(*text)
    check(prose, forms, TEXTS[:5])
    assert not of_ours()


def test_no_texts_have_no_words():
    whole, titles, bare = ProseRows(FormTable()).finish()
    assert len(whole.tokens) == len(whole.begins) == len(titles.ends) == len(bare) == 0


def test_what_fails_on_a_thread_is_raised_and_read_again(small_batches, monkeypatch):
    forms = FormTable()
    prose = ProseRows(forms)
    scan, left = ProseRows._scan, [3]

    def failing(self, texts, table):
        left[0] -= 1
        if left[0] == 0:
            raise MemoryError("no memory left")
        return scan(self, texts, table)

    monkeypatch.setattr(ProseRows, "_scan", failing)
    failures = 0
    for text in TEXTS:
        try:
            prose.add(*text)
        except MemoryError:
            failures += 1
            prose.add(*text)  # it was not added
    assert failures == 1
    check(prose, forms)
    prose.close()


def test_words_beyond_the_room_that_was_taken_are_kept(small_batches, monkeypatch):
    monkeypatch.setattr(rows, "_ROOM", 10)
    forms = FormTable()
    prose = ProseRows(forms)
    for text in TEXTS:
        prose.add(*text)
    check(prose, forms)
    prose.close()


def test_rows_of_values_are_read_once():
    forms = FormTable()
    values = ValueRows("tags")
    first = values.add(1, ("buget local", "sport"))
    assert values.add(3, ("buget local", "sport")) < first
    values.add(4, ("sport",))
    row = values.words(forms, 6)
    assert [words(forms, row, article) for article in range(6)] == [
        [],
        ["buget", "local", "|", "sport", "|"],
        [],
        ["buget", "local", "|", "sport", "|"],
        ["sport", "|"],
        [],
    ]
    sections = MemorySections()
    values.write_column(sections, "values", np.array([4, 0, 3], np.int32), 6)
    assert sections.array("values.data").tobytes() == b"buget localsport"
    assert sections.array("values.rows").tolist() == [0, 1, 1, 3]
    assert sections.array("values.numbers").tolist() == [2, 1, 2]


offsets = st.timedeltas(dt.timedelta(hours=-23), dt.timedelta(hours=23)).map(dt.timezone)


@given(st.datetimes(dt.datetime(1, 1, 2), dt.datetime(9999, 12, 30), timezones=offsets))
def test_the_moment_of_a_date(date):
    epoch = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    moment, offset = moment_of(date)
    assert moment == (date - epoch) // dt.timedelta(microseconds=1) == micros(date)
    assert offset == round(date.utcoffset().total_seconds())
    assert moment_of(date.date()) == (micros(date.date()), NO_TIME)


@pytest.mark.parametrize("portion", [1, 3, 7, 1000])
def test_a_segment_does_not_depend_on_portions_and_batches(portion, monkeypatch):
    articles = [
        Article(id=str(n), title=title, body=body, tags=("a", "b")[: n % 3]) for n, (title, body) in enumerate(TEXTS)
    ]

    def sections():
        builder, found = SegmentBuilder(STEMMER), MemorySections()
        for article in articles:
            builder.add(article)
        inverted = write_inverted(builder, found)
        builder.close()
        return (
            inverted.description,
            inverted.order.tolist(),
            {name: (array.dtype, array.tobytes()) for name, array in found.arrays.items()},
        )

    expected = sections()
    monkeypatch.setattr(build, "PORTION", portion)
    monkeypatch.setattr(rows, "BATCH", 100 * portion)
    assert sections() == expected


@pytest.mark.parametrize("sizes", [[], [5], [1, 1, 1], [2, 2, 2, 9, 1, 0, 0, 3]])
def test_runs_follow_one_another_and_are_bounded(sizes, monkeypatch):
    monkeypatch.setattr(build, "PORTION", 4)
    runs = list(_runs(np.array(sizes, np.int64)))
    assert [0, *(end for _, end in runs)] == [*(first for first, _ in runs), len(sizes)]
    assert [number for first, end in runs for number in range(first, end)] == list(range(len(sizes)))
    assert all(sum(sizes[first:end]) <= 4 or end == first + 1 for first, end in runs)
