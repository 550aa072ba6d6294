"""The owner's seed format: the date and the title out of the first line, in every way that files vary."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from newsindex.article import Article
from newsindex.errors import ArticleError
from newsindex.ingest import read_articles

SEEDS = Path(__file__).parents[3] / "shared" / "seeds"


def read(path, text, encoding="utf-8"):
    path.write_bytes(text.encode(encoding))
    [article] = read_articles(path)
    return article


def test_the_format_as_it_is_meant(tmp_path):
    article = read(tmp_path / "a.txt", " date 2025-03-02 Ploi în Banat, anunță meteorologii.\nUnu\xad.\n\n Doi.\n")
    assert article.date == dt.date(2025, 3, 2)
    assert article.title == "Ploi în Banat, anunță meteorologii."
    assert article.body == "Unu\xad.\n\n Doi."
    assert article == Article(title=article.title, body=article.body, date="2025-03-02")


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_other_line_ends_give_the_same_article(tmp_path, end):
    text = " date 2025-03-02 Ploi.\nUnu.\n\nDoi.\n"
    assert read(tmp_path / "a.txt", text) == read(tmp_path / "b.txt", text.replace("\n", end))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_byte_order_marks(tmp_path, encoding):
    article = read(tmp_path / "a.txt", " date 2025-03-02 Știri 🙂\nȚară", encoding)
    assert (article.title, article.body) == ("Știri 🙂", "Țară")


@pytest.mark.parametrize(
    ("first", "date", "title"),
    [
        ("Ploi în Banat.", None, "Ploi în Banat."),
        ("  Ploi în Banat.", None, "Ploi în Banat."),
        (" date  Ploi în Banat.", None, "Ploi în Banat."),
        ("date 2025-03-02 Ploi.", dt.date(2025, 3, 2), "Ploi."),
        (" date\t2025-03-02 Ploi.", dt.date(2025, 3, 2), "Ploi."),
        (" date 2025-03-02", dt.date(2025, 3, 2), "Corp."),
        (" date 2025-03-02 ", dt.date(2025, 3, 2), "Corp."),
        ("date publice arată creșteri.", None, "date publice arată creșteri."),
        ("date 200 de oameni au cerut", None, "date 200 de oameni au cerut"),
        ("\n \n date 2025-03-02 Ploi.", dt.date(2025, 3, 2), "Ploi."),
        ("Ploi date 2025-03-02", None, "Ploi date 2025-03-02"),
        (" dateline 2025", None, "dateline 2025"),
    ],
)
def test_first_lines(tmp_path, first, date, title):
    article = read(tmp_path / "a.txt", first + "\nCorp.\n")
    assert (article.date, article.title) == (date, title)
    assert article.body == ("" if title == "Corp." else "Corp.")


def test_a_date_may_have_a_time(tmp_path):
    article = read(tmp_path / "a.txt", " date 2025-03-02T10:30 Ploi.\n")
    assert article.date == dt.datetime(2025, 3, 2, 10, 30, tzinfo=dt.timezone(dt.timedelta(hours=2)))


def test_one_line_without_an_end(tmp_path):
    assert read(tmp_path / "a.txt", "Ploi.").title == "Ploi."


@pytest.mark.parametrize("date", ["2025-02-30", "2025-13-01", "15.08.2025", "ieri", "None", "0000-01-01", "2025-08"])
def test_a_bad_date_is_named(tmp_path, date):
    with pytest.raises(ArticleError, match="is no date") as caught:
        read(tmp_path / "a.txt", f" date {date} Ploi.\n")
    assert str(caught.value).startswith(f"{tmp_path / 'a.txt'}, line 1: '{date}'")


@pytest.mark.parametrize("text", ["", " \r\n\t\n", "\ufeff"])
def test_an_empty_file_is_named(tmp_path, text):
    with pytest.raises(ArticleError, match=r"a\.txt: no text in it"):
        read(tmp_path / "a.txt", text)


def test_reading_again_gives_the_same_id(tmp_path):
    text = " date 2025-03-02 Ploi.\nUnu.\n"
    assert read(tmp_path / "a.txt", text).id == read(tmp_path / "b.txt", text).id


@pytest.mark.skipif(not SEEDS.is_dir(), reason="the owner's seeds are not beside this repository")
def test_the_owners_seed():
    articles = list(read_articles(SEEDS))
    assert articles
    for article in articles:
        assert isinstance(article.date, dt.date)
        assert article.title.endswith(".")
        assert "\n" not in article.title
        assert len(article.body) > len(article.title)
