"""JSON files: which shapes are articles, what names mean, and what each bad record is called."""

from __future__ import annotations

import datetime as dt
import json
import math

import pytest

from newsindex.errors import ArticleError
from newsindex.ingest import jsonfiles, read_articles

ONE = {"id": "a1", "title": "Ploi în Banat", "text": "Plouă de ieri.", "date": "2025-03-02"}
TWO = {"id": "a2", "title": "Tramvaie noi", "text": "Au sosit azi.", "date": "2025-03-03T08:00:00+02:00"}


def write(path, *records, end="\n"):
    path.write_text("".join(json.dumps(record, ensure_ascii=False) + end for record in records), encoding="utf-8")
    return path


def ids(path, **options):
    return [article.id for article in read_articles(path, **options)]


def failure(path):
    with pytest.raises(ArticleError) as caught:
        list(read_articles(path))
    return str(caught.value)


def test_every_known_name_reaches_its_field_and_the_rest_is_extra(tmp_path):
    record = ONE | {
        "source": "Meteo",
        "author": "Ana Pop",
        "section": "Vreme",
        "tags": ["ploi", "vânt"],
        "url": "https://example.org/1",
        "lead": "Pe scurt",
        "region": None,
        "origin": {"crawl": [1, 2.5, True]},
    }
    [article] = read_articles(write(tmp_path / "a.jsonl", record))
    assert (article.id, article.title, article.body) == ("a1", "Ploi în Banat", "Plouă de ieri.")
    assert article.date == dt.date(2025, 3, 2)
    assert (article.source, article.author, article.section) == ("Meteo", "Ana Pop", "Vreme")
    assert article.tags == ("ploi", "vânt")
    assert article.url == "https://example.org/1"
    assert article.extra == {"lead": "Pe scurt", "region": None, "origin": {"crawl": [1, 2.5, True]}}


@pytest.mark.parametrize("name", ["text", "body", "content"])
def test_names_of_the_body(tmp_path, name):
    [article] = read_articles(write(tmp_path / "a.jsonl", {name: "Plouă."}))
    assert article.body == "Plouă."
    assert article.extra == {}


def test_the_first_name_with_a_value_wins_and_the_others_become_extra(tmp_path):
    record = {"content": "trei", "body": "doi", "text": "", "headline": "H", "title": None, "published": "2025-01-02"}
    [article] = read_articles(write(tmp_path / "a.jsonl", record))
    assert (article.title, article.body, article.date) == ("H", "doi", dt.date(2025, 1, 2))
    assert article.extra == {"content": "trei"}


def test_null_and_missing_are_the_defaults(tmp_path):
    record = dict.fromkeys(["id", "title", "date", "source", "author", "section", "tags", "url"]) | {"text": "Plouă."}
    full, short = read_articles(write(tmp_path / "a.jsonl", record, {"text": "Plouă."}))
    assert full == short
    assert full.tags == ()
    assert full.source is None


def test_tags_may_be_one_string(tmp_path):
    [article] = read_articles(write(tmp_path / "a.jsonl", ONE | {"tags": "ploi, vânt; , ger"}))
    assert article.tags == ("ploi", "vânt", "ger")


@pytest.mark.parametrize(
    ("value", "expected"), [(7, "7"), (0, "0"), (-3, "-3"), (1e22, "10000000000000000000000"), (2.5, "2.5")]
)
def test_a_number_as_id_becomes_its_decimal_text(tmp_path, value, expected):
    assert ids(write(tmp_path / "a.jsonl", ONE | {"id": value})) == [expected]


def test_json_keys_are_compared_exactly(tmp_path):
    [article] = read_articles(write(tmp_path / "a.jsonl", {"text": "Plouă.", "Title": "T"}))
    assert article.title == ""
    assert article.extra == {"Title": "T"}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\n\n  \n"])
def test_line_ends_and_blank_lines(tmp_path, end):
    assert ids(write(tmp_path / "a.ndjson", ONE, TWO, end=end)) == ["a1", "a2"]


def test_the_last_line_needs_no_line_feed(tmp_path):
    (tmp_path / "a.jsonl").write_text(json.dumps(ONE) + "\n" + json.dumps(TWO))
    assert ids(tmp_path / "a.jsonl") == ["a1", "a2"]


def test_an_empty_jsonl_has_no_articles(tmp_path):
    (tmp_path / "a.jsonl").touch()
    assert ids(tmp_path / "a.jsonl") == []


@pytest.mark.parametrize(
    "document", [[ONE, TWO], {"articles": [ONE, TWO]}, {"count": 2, "items": [ONE, TWO]}, {"data": [ONE, TWO]}]
)
def test_shapes_of_a_document(tmp_path, document):
    path = tmp_path / "a.json"
    path.write_text(json.dumps(document, indent=2), encoding="utf-8")
    assert ids(path) == ["a1", "a2"]


def test_one_object_is_one_article_even_with_a_list_called_items(tmp_path):
    path = tmp_path / "a.json"
    path.write_text(json.dumps(ONE | {"items": [1, 2]}))
    [article] = read_articles(path)
    assert article.extra == {"items": [1, 2]}


def test_an_empty_array_has_no_articles(tmp_path):
    (tmp_path / "a.json").write_text("[]")
    assert ids(tmp_path / "a.json") == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("7", "neither an array nor an object"),
        ('{"items": [], "data": []}', "several arrays (items, data)"),
        ('{"name": "newsindex"}', "record 1: neither a title nor a text"),
        ('[{"text": "a"}, 5]', "record 2: an object expected, found int"),
        ('[\n {"text": "a"},\n {"text" "b"}]', "line 3: not JSON at column 10"),
        ("", "line 1: not JSON"),
        ('[{"text": "a", "date": "ieri"}]', "record 1: field 'date': 'ieri' is no date"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_documents_that_are_refused(tmp_path, text, message):
    (tmp_path / "a.json").write_text(text)
    said = failure(tmp_path / "a.json")
    assert str(tmp_path / "a.json") in said
    assert message in said


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "not JSON at column 2"),
        ("[]", "an object expected, found list"),
        ("null", "an object expected, found NoneType"),
        ('{"nume": "x"}', "neither a title nor a text"),
        ('{"text": "a", "date": "2025-02-30"}', "field 'date': '2025-02-30' is no date"),
        ('{"text": "a", "date": 20250301}', "field 'date': 20250301 is no date"),
        ('{"text": 5}', "field 'body': text expected, found int"),
        ('{"text": "a", "id": true}', "field 'id': text expected, found bool"),
        ('{"text": "a", "tags": {"b": 1}}', "field 'tags': a list of texts expected"),
        ('{"text": "a\\u0000"}', "field 'body': a NUL character at character 1"),
        ('{"text": "a\\ud800"}', "field 'body': a lone surrogate '\\ud800' at character 1"),
        ('{"text": "a", "scor": NaN}', "nan is no JSON value"),
        ('{"text": "a", "scor": 1e999}', "inf is no JSON value"),
        ('{"text": "a", "scor": ' + "9" * 5000 + "}", "more digits than Python converts"),
        ('{"text": "a", "scor": ' + "9" * 2000 + "}", "an integer of many digits is no JSON value"),
        ('{"text": "a", "date": ' + "[" * 500 + "]" * 500 + "}", "a value of type list is no date"),
        ('{"text": "a", "x": ' + "[" * 50 + "]" * 50 + "}", "nested deeper than 32 levels"),
        ('{"text": "a", "x": ' + "[" * 200_000 + "]" * 200_000 + "}", "nested too deeply"),
    ],
)
def test_lines_that_are_refused_or_left_out(tmp_path, line, message):
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps(ONE) + "\n" + line + "\n" + json.dumps(TWO) + "\n")
    said = failure(path)
    assert said.startswith(f"{path}, line 2: ")
    assert message in said
    assert len(said) < 500
    reader = read_articles(path, on_error="skip")
    assert [article.id for article in reader] == ["a1", "a2"]
    assert (reader.read, reader.skipped) == (2, 1)
    assert str(reader.errors[0]) == said


def test_an_error_has_the_place_and_the_field_as_attributes(tmp_path):
    path = write(tmp_path / "a.jsonl", ONE | {"date": "mâine"})
    with pytest.raises(ArticleError) as caught:
        next(read_articles(path))
    assert caught.value.field == "date"
    assert caught.value.article == f"{path}, line 1"


def test_a_document_over_the_limit_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(jsonfiles, "MAX_DOCUMENT_BYTES", 100)
    path = tmp_path / "a.json"
    path.write_text(json.dumps([ONE] * 10))
    assert "longer than 100 bytes; split it, or write one article a line as .jsonl" in failure(path)


def test_floats_survive(tmp_path):
    [article] = read_articles(write(tmp_path / "a.jsonl", {"text": "a", "pi": math.pi}))
    assert article.extra["pi"] == math.pi
