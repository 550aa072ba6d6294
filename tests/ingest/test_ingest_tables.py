"""Tables: delimiters, quoting, names of columns, and what each bad row is called."""

from __future__ import annotations

import csv
import datetime as dt
import threading

import pytest

from newsindex.errors import ArticleError
from newsindex.ingest import encoding, read_articles, tables


def table(path, text):
    path.write_bytes(text.encode())
    return path


def failure(path):
    with pytest.raises(ArticleError) as caught:
        list(read_articles(path))
    return str(caught.value)


@pytest.mark.parametrize(("name", "delimiter"), [("a.csv", ","), ("a.csv", ";"), ("a.csv", "\t"), ("a.tsv", "\t")])
def test_delimiters(tmp_path, name, delimiter):
    rows = [
        ["id", "Title", "TEXT", "Date", "tags", "Regiune"],
        ["7", "Ploi", "Da; azi, sigur", "2025-03-02", "a;b", ""],
    ]
    path = tmp_path / name
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, delimiter=delimiter).writerows(rows)
    [article] = read_articles(path)
    assert (article.id, article.title, article.body) == ("7", "Ploi", "Da; azi, sigur")
    assert article.date == dt.date(2025, 3, 2)
    assert article.tags == ("a", "b")
    assert article.extra == {}


def test_a_column_that_is_not_known_keeps_its_name_and_becomes_extra(tmp_path):
    [article] = read_articles(table(tmp_path / "a.csv", "text, Regiune ,\nPlouă.,Banat,12\n"))
    assert article.extra == {"Regiune": "Banat", "column 3": "12"}


def test_delimiters_within_the_quoted_names_do_not_count(tmp_path):
    [article] = read_articles(table(tmp_path / "a.csv", '"titlu, scurt, lung";text\nx;Plouă.\n'))
    assert article.body == "Plouă."
    assert article.extra == {"titlu, scurt, lung": "x"}


def test_one_column_needs_no_delimiter(tmp_path):
    articles = read_articles(table(tmp_path / "a.csv", "text\nPlouă.\nNinge.\n"))
    assert [article.body for article in articles] == ["Plouă.", "Ninge."]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_quoted_cells_hold_line_ends_quotes_and_delimiters(tmp_path, end):
    text = end.join(["title,text", '"A ""spus"", da","unu', "", 'doi"', "", "B,trei"])
    first, second = read_articles(table(tmp_path / "a.csv", text))
    assert first.title == 'A "spus", da'
    assert first.body == f"unu{end}{end}doi"
    assert (second.title, second.body) == ("B", "trei")


def test_a_byte_order_mark_is_not_part_of_the_first_name(tmp_path):
    [article] = read_articles(table(tmp_path / "a.csv", "\ufefftext,id\nPlouă.,1\n"))
    assert article.body == "Plouă."


@pytest.mark.parametrize("encoding", ["cp1250", "utf-16"])
def test_encodings_of_spreadsheets(tmp_path, encoding):
    path = tmp_path / "a.tsv"
    path.write_bytes("text\tid\r\n„Şedinţă” în ţară, spune vocea\t1\r\n".encode(encoding))
    [article] = read_articles(path)
    assert article.body == "„Şedinţă” în ţară, spune vocea"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty; the first row has to name the columns"),
        ("\n \n", "empty; the first row has to name the columns"),
        ("nume,preț\nmere,3\n", "line 1: no column for a title or a text among 'nume, preț'"),
        ("text,Text\na,b\n", "line 1: several columns are called 'text'"),
        ("\ntext,id\na\n", "line 3: 1 cells where the first row has 2"),
        ("text,id\na,b,c\n", "line 2: 3 cells where the first row has 2"),
        ('text,id\n"a\nb",1\n"c\nd" e,2\n', "line 4: not a row of a table"),
        ('text,id\na,1\n"b,2\nc,3\n', "line 3: not a row of a table"),
        ("text,id,date\na,1,15.08.2025\n", "line 2: article '1', field 'date': '15.08.2025' is no date"),
        ("text,id\na\0,1\n", "line 2: article '1', field 'body': a NUL character"),
    ],
)
def test_tables_that_are_refused(tmp_path, text, message):
    said = failure(table(tmp_path / "a.csv", text))
    assert said.startswith(str(tmp_path / "a.csv"))
    assert message in said


def test_bad_rows_are_left_out_and_the_next_ones_read(tmp_path):
    path = table(tmp_path / "a.csv", 'text,id\na,1\nb\n"c"c,3\n"d\nd",4\ne,5,5\nf,6\n')
    reader = read_articles(path, on_error="skip")
    assert [article.id for article in reader] == ["1", "4", "6"]
    assert reader.reasons == {"wrong number of cells": 2, "not a table row": 1}


def test_a_bad_byte_within_quotes_costs_its_row_alone(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes("text,id\nâțâș,0\n".encode() + b'"a\nb\xff",1\nc,2\n')
    reader = read_articles(path, on_error="skip")
    assert [article.id for article in reader] == ["0", "2"]
    assert "line 4: byte 0xff at byte offset" in str(reader.errors[0])


def test_cells_past_the_csv_modules_own_limit(tmp_path):
    before = csv.field_size_limit()
    body = "ploaie " * before
    reader = read_articles(table(tmp_path / "a.csv", f"text,id\n{body},1\nb,2\n"))
    assert next(reader).body == body
    assert csv.field_size_limit() == before, "the limit of the process is changed between rows"
    assert [article.id for article in reader] == ["2"]
    assert csv.field_size_limit() == before


def test_threads_leave_the_limit_as_it_was(tmp_path):
    before = csv.field_size_limit()
    path = table(tmp_path / "a.csv", "text\n" + "Plouă.\n" * 2000)
    counts = []
    threads = [threading.Thread(target=lambda: counts.append(len(list(read_articles(path))))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts == [2000] * 4
    assert csv.field_size_limit() == before


def test_a_quote_that_never_ends_stops_at_the_limit(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "MAX_RECORD_BYTES", 1000)
    path = table(tmp_path / "a.csv", 'text,id\na,1\n"b,2\n' + "c,3\n" * 1000)
    assert "line 3: a row of more than 1,000 characters; close the quote" in failure(path)


def test_a_line_over_the_limit_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(encoding, "MAX_RECORD_BYTES", 1000)
    path = table(tmp_path / "a.csv", f"text,id\n{'a' * 2000},1\nb,2\n")
    assert "line 2: 2,002 bytes long, more than 1,000" in failure(path)
    assert [article.id for article in read_articles(path, on_error="skip")] == ["2"]
