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
    "3": "Tari ca piatra, soldatilor nu le-a pierit fata.",  # as typed by somebody without a Romanian keyboard
    "4": "Tari ca piatra, soldaților nu le-a pierit fata.",
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
        ("stadion", "12"),
        ("stadioanele", "12"),
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
        # Article 3 is read every way it can be meant, article 4 as it is written.
        ("țări", "3"),
        ("tari", "34"),
        ("țarul", "3"),
        ("față", "13"),
        ("fetelor", "34"),
        ("soldații", "34"),
        ('"țări ca piatra"', "3"),
        ('"pierit fata"', "34"),
        ('"pierit față"', "3"),
        ('"piatra soldatilor"', "34"),
        # Beginnings are compared with the classes, in the parser of Whoosh.
        ("Stadi*", "12"),
        ("Preşed*", "2"),
        ("so?dat", "34"),
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
    assert (second["text"], second["original"], second["pos"]) == (Stemmer()("sua"), "S.U.A", 6)
    assert (second["startchar"], second["endchar"], second["mode"]) == (108, 113, "index")
    assert first["boost"] == 1.0
    assert first["stopped"] is False
    plain = tokens(RomanianAnalyzer(), "Țările")[0]
    assert not {"pos", "startchar", "endchar", "original"} & set(plain)


def places(text: str, **options) -> list[tuple[int, str]]:
    """The tokens of a text, each with its position."""
    return [(token["pos"], token["text"]) for token in tokens(RomanianAnalyzer(), text, positions=True, **options)]


def test_a_bare_word_is_indexed_under_all_its_readings_in_one_place() -> None:
    found = places("Guvernul unei tari mari", mode="index", start_pos=3)
    assert [place for place, _ in found] == sorted(place for place, _ in found)
    assert {place for place, _ in found} == {3, 4, 5, 6}
    of_tari = [term for place, term in found if place == 5]
    assert of_tari[0] == "tare"
    assert {"țară", "țar"} < set(of_tari)
    assert len(of_tari) == len(set(of_tari))
    assert (3, "guvern") in found


def test_readings_share_offsets_and_text() -> None:
    found = tokens(RomanianAnalyzer(), "O fata.", chars=True, keeporiginal=True, mode="index")
    of_fata = [token for token in found if token["original"] == "fata"]
    assert [token["text"] for token in of_fata] == ["fată", "față", "făta"]
    assert {(token["startchar"], token["endchar"]) for token in of_fata} == {(2, 6)}


@pytest.mark.parametrize("mode", ["", "query"])
def test_elsewhere_a_word_has_its_first_reading_alone(mode: str) -> None:
    # Several tokens of one word would be a phrase to Whoosh's parser.
    assert places("fata casei", mode=mode) == [(0, "fată"), (1, "casă")]
    assert places("fata casei", mode=mode, bare=True) == [(0, "fată"), (1, "casă")]


@pytest.mark.parametrize(
    ("text", "bare", "several"),
    [
        ("fata casei", None, True),
        ("fata casei", True, True),
        ("fata casei", False, False),  # a title without diacritics of an article that has some
        ("fata țării", None, False),
        ("fata ţării", None, False),
        ("fata t\u0326a\u0306rii", None, False),
        ("fata lui Müller", None, True),  # no Romanian diacritics
        ("", None, False),
    ],
)
def test_the_text_or_the_caller_says_whether_diacritics_were_left_out(text: str, bare, several: bool) -> None:
    readings = [term for place, term in places(text, mode="index", bare=bare) if place == 0]
    assert readings == (["fată", "față", "făta"] if several else ["fată"] if text else [])


def test_a_long_word_that_can_only_lack_its_diacritics_is_read_so_in_any_text_and_mode() -> None:
    for options in ({"mode": "index", "bare": False}, {"mode": "query"}, {"mode": "index", "bare": True}):
        assert places("soldatilor", **options)[0] == (0, "soldat")


def test_stop_words_count_no_position_and_readings_none_either() -> None:
    analyzer = RomanianAnalyzer(stop_words={"de"})
    found = [(t["pos"], t["text"]) for t in tokens(analyzer, "fata de casa", positions=True, mode="index")]
    assert [place for place, term in found if term == "față"] == [0]
    assert {place for place, _ in found} == {0, 1}


@pytest.mark.parametrize(("stem", "expected"), [(True, "președ?nt"), (False, "presed?nt")])
def test_a_pattern_stays_as_it_is(stem: bool, expected: str) -> None:
    analyzer = RomanianAnalyzer(stem=stem, stop_words=["presed"])
    assert [t["text"] for t in tokens(analyzer, "Pre\u00adşed?nt", tokenize=False, mode="query")] == [expected]


def test_folded_words_have_no_readings() -> None:
    found = tokens(RomanianAnalyzer(stem=False), "fata casei", mode="index", bare=True)
    assert [token["text"] for token in found] == ["fata", "casei"]


def test_a_word_found_by_its_second_reading_is_marked_once(index) -> None:
    query = QueryParser("body", index.schema).parse("țări")
    with index.searcher() as searcher:
        results = searcher.search(query)
        results.formatter = highlight.HtmlFormatter(tagname="b")
        marked = results[0].highlights("body")
    assert marked.count(">Tari</b>") == 1
    assert marked.count("Tari") == 1


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
    assert [t["text"] for t in tokens(analyzer, "orașul și satul")] == ["oraș", "sat"]
    copy = pickle.loads(pickle.dumps(analyzer))  # noqa: S301 - Whoosh pickles schemas
    assert copy == analyzer
    assert [t["text"] for t in tokens(copy, "orașul și satul")] == ["oraș", "sat"]
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
