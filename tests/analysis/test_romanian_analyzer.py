"""`RomanianAnalyzer` inside a real Whoosh schema."""

import pickle

import pytest
from whoosh import highlight
from whoosh.analysis import Analyzer
from whoosh.fields import ID, TEXT, Schema
from whoosh.filedb.filestore import RamStorage
from whoosh.qparser import QueryParser
from whoosh.query import Phrase

from newsindex.analysis import STOP_WORDS, RomanianAnalyzer, Stemmer, tokenize

DOCS = {
    "1": "Echipele nord-coreene s-au antrenat pe stadionul din Oradea, în fața a 10.000 de oameni.",
    "2": "Preşedintele clubului a vizitat sta\u00addioanele din S.U.A. și orașul Oradea.",
}


@pytest.fixture
def index():
    schema = Schema(id=ID(stored=True), body=TEXT(analyzer=RomanianAnalyzer(), phrase=True, chars=True, stored=True))
    index = RamStorage().create_index(schema)
    with index.writer() as writer:
        for key, body in DOCS.items():
            writer.add_document(id=key, body=body)
    return index


def found(index, query) -> set[str]:
    if isinstance(query, str):
        query = QueryParser("body", index.schema).parse(query)
    with index.searcher() as searcher:
        return {hit["id"] for hit in searcher.search(query, limit=None)}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("oradea", "12"),
        ("stadion", "1"),
        ("stadioanele", "2"),
        ("presedintele", "2"),
        ("preşedintele", "2"),
        ("președintele", "2"),
        ("SUA", "2"),
        ("S.U.A.", "2"),
        ("10000", "1"),
        ("10.000", "1"),
        ('"echipele nord-coreene"', "1"),
        ('"nord-coreene s-au antrenat"', "1"),
        ('"nord coreene s au antrenat"', "1"),
        ('"stadionul din Oradea"', "1"),
        ('"stadionul Oradea"', ""),
        ('"în fața a 10000 de oameni"', "1"),
        ('"Oradea stadionul"', ""),
        ("ploaie", ""),
    ],
)
def test_searching_a_plain_whoosh_index(index, query: str, expected: str) -> None:
    assert found(index, query) == set(expected)


def test_phrases_count_true_positions(index) -> None:
    stem = Stemmer()
    assert found(index, Phrase("body", [stem("stadionul"), stem("oradea")], slop=2)) == {"1"}
    assert found(index, Phrase("body", [stem("stadionul"), stem("oradea")], slop=1)) == set()


@pytest.mark.parametrize("fragmenter", [highlight.PinpointFragmenter(), highlight.SentenceFragmenter()])
def test_highlights_fall_on_the_words_as_written(index, fragmenter) -> None:
    query = QueryParser("body", index.schema).parse("presedintele stadioanele sua")
    with index.searcher() as searcher:
        results = searcher.search(query)
        results.fragmenter = fragmenter
        results.formatter = highlight.HtmlFormatter(tagname="b")
        marked = results[0].highlights("body")
    for word in ("Preşedintele", "sta\u00addioanele", "S.U.A"):
        assert f">{word}</b>" in marked


def tokens(analyzer, text, **options):
    return [dict(token.__dict__) for token in analyzer(text, **options)]


def test_tokens_have_what_was_asked_for() -> None:
    first, second = tokens(
        RomanianAnalyzer(),
        "Ţă\u00adrile S.U.A.",
        positions=True,
        chars=True,
        keeporiginal=True,
        start_pos=5,
        start_char=100,
        mode="index",
    )
    assert (first["text"], first["original"]) == (Stemmer()("țările"), "Ţă\u00adrile")
    assert (first["pos"], first["startchar"], first["endchar"]) == (5, 100, 107)
    assert (second["text"], second["original"], second["pos"]) == ("sua", "S.U.A", 6)
    assert (second["startchar"], second["endchar"], second["mode"]) == (108, 113, "index")
    assert first["boost"] == 1.0
    assert first["stopped"] is False
    plain = tokens(RomanianAnalyzer(), "Țările")[0]
    assert not {"pos", "startchar", "endchar", "original"} & set(plain)


def test_the_tokens_are_the_tokenizers() -> None:
    text = " ".join(DOCS.values())
    seen = [
        (t["startchar"], t["endchar"], t["pos"]) for t in tokens(RomanianAnalyzer(), text, positions=True, chars=True)
    ]
    assert seen == [(start, end, i) for i, (_, start, end) in enumerate(tokenize(text))]


def test_without_stemming_only_diacritics_go() -> None:
    assert [t["text"] for t in tokens(RomanianAnalyzer(stem=False), "Orașele ţării")] == ["orasele", "tarii"]
    assert RomanianAnalyzer().has_morph()
    assert not RomanianAnalyzer(stem=False).has_morph()


def test_stop_words_are_left_out_on_request_only() -> None:
    text = "Ploi şi vânt in Ardeal"
    assert len(tokens(RomanianAnalyzer(), text)) == 5
    removing = RomanianAnalyzer(stem=False, stop_words=STOP_WORDS)
    assert [(t["text"], t["pos"]) for t in tokens(removing, text, positions=True)] == [
        ("ploi", 0), ("vant", 1), ("ardeal", 2),
    ]  # fmt: skip
    kept = tokens(removing, text, removestops=False)
    assert [t["stopped"] for t in kept] == [False, True, False, True, False]


def test_it_survives_the_pickling_of_a_schema() -> None:
    analyzer = RomanianAnalyzer(stop_words={"și", "ÎN"})
    assert [t["text"] for t in tokens(analyzer, "orașul și satul")] == ["oras", "sat"]
    copy = pickle.loads(pickle.dumps(analyzer))  # noqa: S301 - Whoosh pickles schemas
    assert copy == analyzer
    assert [t["text"] for t in tokens(copy, "orașul și satul")] == ["oras", "sat"]
    schema = Schema(body=TEXT(analyzer=analyzer))
    assert pickle.loads(pickle.dumps(schema))["body"].analyzer == analyzer  # noqa: S301


def test_settings_make_equality() -> None:
    assert isinstance(RomanianAnalyzer(), Analyzer)
    assert RomanianAnalyzer() == RomanianAnalyzer()
    assert hash(RomanianAnalyzer()) == hash(RomanianAnalyzer())
    assert RomanianAnalyzer() != RomanianAnalyzer(stem=False)
    assert RomanianAnalyzer() != RomanianAnalyzer(stop_words=["de"])
    assert RomanianAnalyzer(stop_words=["şi"]) == RomanianAnalyzer(stop_words=("si",))
    assert RomanianAnalyzer() != "RomanianAnalyzer()"
    assert repr(RomanianAnalyzer(stop_words=["şi"])) == "RomanianAnalyzer(stem=True, stop_words=['si'])"


def test_what_is_no_text_is_refused() -> None:
    with pytest.raises(TypeError, match="must be a str"):
        list(RomanianAnalyzer()(b"text"))
