"""Which words find which articles, and which stands first: the promises of Romanian matching, through the public API.

Each table is read as a Romanian reader would: a query, the articles that it must find, those it must not.
"""

from __future__ import annotations

import itertools
import json
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import newsindex as ni
from newsindex.store import manifest as manifests

Make = Callable[..., ni.Index]

# A sentence with diacritics and no word that any test asks for: behind it, a text means what it says.
DIACRITICS = " Așa scrie în ziarul de ieri după-amiază."


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """An index of these bodies, whose ids are the bodies as given."""
    numbers = itertools.count()

    def index(*bodies: str, diacritics: bool = False) -> ni.Index:
        ix = ni.create(tmp_path / str(next(numbers)))
        ix.add(ni.Article(id=body, body=body + (DIACRITICS if diacritics else "")) for body in bodies)
        return ix

    return index


def found(ix: ni.Index, query: object, **options: object) -> list[str]:
    """The ids of all that a query finds, best first."""
    results = ix.search(query, limit=1_000, **options)  # type: ignore[arg-type]
    assert results.total == len(results) == ix.count(query, **{k: v for k, v in options.items() if k == "match"})  # type: ignore[arg-type]
    return [hit.id for hit in results]


def plain(text: str) -> str:
    """A text without its diacritics."""
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))


def cedillas(text: str) -> str:
    return text.translate(str.maketrans("șțȘȚ", "şţŞŢ"))


# ------------------------------------------------------------------------------------------- forms of one word

SAME_WORD = """
    tiktoker tiktokerul tiktokeri tiktokerilor
    vaccinare vaccinarea vaccinării vaccinări
    cardiomiopatie cardiomiopatia cardiomiopatii cardiomiopatiilor
    coreean coreeni coreeană coreene
    om omul oameni oamenii omului oamenilor
    soldat soldatul soldați soldații soldaților soldatului
    ministru ministrul miniștri miniștrii miniștrilor ministrului
    președinte președintele președintelui președinți președinții președinților
    țară țara țări țării țările țărilor
    copil copilul copii copiii copiilor copilului
    război războiul războaie războaiele războaielor
    micșora micșorată micșorează micșorat micșorau
    aventură aventura aventuri aventurile aventurilor
    Iohannis Iohannisului
    București Bucureștiul Bucureștiului
    Cluj Clujul Clujului
    guvern guvernul guverne guvernului guvernelor
    știre știri știrile știrilor
    oraș orașul orașe orașelor
    Erdoğan Erdogan Erdoğanului Erdoganului
    Orbán Orban Orbánului Orbanului
    Müller Muller Müllerului Mullerului
    Şahin Sahin Șahin Şahinului Sahinului
    Gökçe Gokce Gökçei
    câine câinele câini câinii cîine cîinele cîini
    român romîn români romîni
"""
ROWS = [row.split() for row in SAME_WORD.strip().splitlines()]


@pytest.mark.parametrize("forms", ROWS, ids=[row[0] for row in ROWS])
@pytest.mark.parametrize("diacritics", [True, False])
def test_each_form_of_a_word_finds_all_of_them(make: Make, forms: list[str], diacritics: bool) -> None:
    ix = make(*forms, diacritics=diacritics)
    for form in forms:
        for query in {form, cedillas(form), form.upper(), unicodedata.normalize("NFD", form)}:
            assert set(found(ix, query)) == set(forms), query
        assert set(found(ix, f'"{form}"')) == set(forms)


@pytest.mark.parametrize("forms", ROWS, ids=[row[0] for row in ROWS])
def test_with_and_without_diacritics_on_either_side(make: Make, forms: list[str]) -> None:
    # Two marks away from today's spelling, a word of before 1993 without its own is nothing that one could tell.
    forms = [form for form in forms if "î" not in form]
    spelled, bare = make(*forms), make(*dict.fromkeys(map(plain, forms)))
    for form in forms:
        assert set(found(bare, form)) == set(map(plain, forms)), f"{form} in articles without diacritics"
        assert set(found(spelled, plain(form))) >= set(forms), f"{plain(form)} in articles with them"
        assert set(found(bare, plain(form))) == set(map(plain, forms))


@pytest.mark.parametrize(
    ("query", "other"),
    [
        ("soldat", "soldează"),
        ("soldați", "soldează"),
        ("soldează", "soldați"),
        ("om", "omagiu"),
        ("țară", "tare"),
        ("copil", "copilărie"),
        ("copil", "copie"),
        ("ministru", "minister"),
        ("ministru", "ministerul"),
        ("președinte", "președinție"),
        ("război", "răzbunare"),
        ("aventură", "aventurier"),
        ("Iohannis", "Ioan"),
        ("București", "bucurie"),
        ("Cluj", "clujean"),
        ("român", "România"),
        ("stat", "stau"),
        ("certificat", "certifică"),
    ],
)
def test_other_words_are_not_found(make: Make, query: str, other: str) -> None:
    ix = make(other, diacritics=True)
    assert found(ix, query) == []
    assert found(ix, other) == [other]


def test_names_are_found_with_their_article_in_front_too(make: Make) -> None:
    ix = make("declarația lui Iohannis", "declarația Iohannisului", "declarația lui Ionescu")
    for query in ("Iohannis", "lui Iohannis", "iohannisului", "declarația Iohannis"):
        assert set(found(ix, query)) >= {"declarația lui Iohannis"}
    assert set(found(ix, "Iohannis")) == {"declarația lui Iohannis", "declarația Iohannisului"}
    assert found(ix, '"lui Iohannis"') == ["declarația lui Iohannis"]


def test_old_and_new_spelling_of_to_be(make: Make) -> None:
    # Stop words alone are searched for together, so that even these can be asked for.
    ix = make("ei sînt acolo", "ei sunt acolo")
    assert set(found(ix, '"ei sînt"')) == set(found(ix, '"ei sunt"')) == {"ei sînt acolo", "ei sunt acolo"}
    assert found(ix, "=sînt") == ["ei sînt acolo"]


# ------------------------------------------------------------------------------------------- exactly this form

TROOPS = [
    "retragerea trupelor nord-coreene",
    "retragerea trupele nord-coreene",
    "retragerea trupelor sud-coreene",
    "retragerea Trupelor Nord-Coreene",
]


@pytest.mark.parametrize(
    ("bodies", "query", "expected"),
    [
        (["fața", "fata", "față", "FAȚA", "fațada"], "=fața", {"fața", "FAȚA"}),
        (["fața", "fata", "față"], "=fata", {"fata"}),
        (["faţa", "fața"], "=faţa", {"faţa", "fața"}),
        (["țări", "tari", "țară"], "=tari", {"tari"}),
        (TROOPS, '="trupelor nord-coreene"', {TROOPS[0], TROOPS[3]}),
        (TROOPS, '"trupelor nord-coreene"', {TROOPS[0], TROOPS[1], TROOPS[3]}),
        (
            [
                "președintele României",
                "președintelui României",
                "Președintele Românie",
                "României",
            ],
            '"=președintele România"',
            {"președintele României", "Președintele Românie"},
        ),
        (
            ["președintele României", "presedintele Romaniei", "președintelui României"],
            '"=președintele României"',
            {"președintele României"},
        ),
        (
            ["președintele României", "presedintele Romaniei", "președintelui României"],
            '"=presedintele României"',
            {"presedintele Romaniei"},
        ),
    ],
)
def test_exact_forms(make: Make, bodies: list[str], query: str, expected: set[str]) -> None:
    assert set(found(make(*bodies), query)) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("=față", set()),
        ("=țări", set()),
        ('="în față"', set()),
        # Diacritics make no difference to patterns, but other words do: țară is a reading of tari, fețe is none.
        ("țăr*", {"in fata unor tari", "in tara aceea"}),
        ("țară*", {"in tara aceea"}),
        ("țar?", {"in fata unor tari", "in tara aceea"}),
        ("?ări", {"in fata unor tari"}),
        ("fată*", {"in fata unor tari"}),
        ("fets~1", set()),
        ("făta~1", {"in fata unor tari"}),
        ("sursa:față", set()),
    ],
)
def test_patterns_never_match_a_word_by_what_else_it_may_mean(make: Make, query: str, expected: set[str]) -> None:
    """In articles without diacritics fata may be față: for patterns over forms it is fata only."""
    ix = make("in fata unor tari", "in tara aceea")
    assert set(found(ix, query)) == expected


def test_every_word_is_counted_once_by_patterns(make: Make) -> None:
    ix = make("tari")
    explained = ix.explain("tar*", "tari")
    assert found(ix, "*ari") == found(ix, "tar*") == found(ix, "tari~1") == ["tari"]
    assert "1 time" in str(explained)


# ------------------------------------------------------------------------------------------- diacritics

AMBIGUOUS = {
    "tari": ["țări", "tari"],
    "fata": ["fată", "față", "fata"],
    "fete": ["fete", "fețe"],
    "peste": ["pește", "peste"],
    "pana": ["pană", "până"],
    "sari": ["sari", "sări"],
    "mana": ["mână", "mană"],
    "soldatilor": ["soldaților"],
    "sedinta": ["ședință", "ședința", "ședinta"],
    "presedintele": ["președintele", "preşedintele"],
    "Iasi": ["Iași", "Iaşi"],
    "stiintei": ["științei"],
}


@pytest.mark.parametrize("query", AMBIGUOUS)
@pytest.mark.parametrize("diacritics", [True, False])
def test_a_bare_word_is_read_every_way(make: Make, query: str, diacritics: bool) -> None:
    ix = make(*AMBIGUOUS[query], query + " scris", diacritics=diacritics)
    assert set(found(ix, query)) == {*AMBIGUOUS[query], query + " scris"}


@pytest.mark.parametrize("query", [spelling for row in AMBIGUOUS.values() for spelling in row])
def test_a_spelled_word_finds_articles_without_diacritics(make: Make, query: str) -> None:
    assert found(make(plain(query)), query) == [plain(query)]


def test_text_with_diacritics_means_what_it_says(make: Make) -> None:
    ix = make("fată", "față", "fata", "țări", "tari", "Putin", "puțin", diacritics=True)
    assert found(ix, "față") == ["față"]
    assert set(found(ix, "fată")) == {"fată", "fata"}
    assert found(ix, "țări") == ["țări"]
    assert found(ix, "puțin spune") == []
    assert found(ix, "puțin") == ["puțin"]
    for query in ("fata însă", "fata NU pâine", "fata SAU pâine"):
        assert set(found(ix, query)) == {"fată", "fata"}, "a diacritic anywhere in the query says that it has them"
    assert set(found(ix, "fata")) == {"fată", "față", "fata"}


def test_a_long_word_without_diacritics_is_read_in_any_article(make: Make) -> None:
    """Nobody means anything else by presedintele, be it the only such word in an article."""
    ix = make("presedintele", "președintele", diacritics=True)
    for query in ("președintele", "preşedintele", "presedintele", "președinților"):
        assert set(found(ix, query)) == {"presedintele", "președintele"}


SPELLINGS = ["președintele", "preşedintele", "presedintele"]


@pytest.mark.parametrize("query", SPELLINGS)
@pytest.mark.parametrize("diacritics", [True, False])
def test_all_spellings_give_the_same_hits_and_the_one_as_typed_is_first(
    make: Make, query: str, diacritics: bool
) -> None:
    for order in itertools.permutations(["președintele a plecat", "presedintele a plecat", "președinților a plecat"]):
        ix = make(*order, diacritics=diacritics)
        hits = found(ix, query)
        assert set(hits) == set(order)
        first = "presedintele a plecat" if query == "presedintele" else "președintele a plecat"
        assert hits[0] == first
        # What lacks the diacritics of the query is not spelled as asked, what has those that the query lacks is.
        assert query != "presedintele" or hits[-1] == "președinților a plecat"


def test_cedilla_and_comma_are_one_letter_everywhere(make: Make) -> None:
    bodies = ["ştiri din ţară", "știri din țară", "știri din ţară"]
    ix = make(*bodies)
    for query in ("știri", "ştiri", "=țară", "=ţară", '"ştiri din țară"', "ştir*", "ţar?", "ştirr~1"):
        hits = ix.search(query)
        assert {hit.id for hit in hits} == set(bodies), query
        assert len({hit.score for hit in hits}) == 1, query


@pytest.mark.parametrize(
    ("query", "ranked"),
    [
        ("față", ["față", "fata"]),
        ("fată", ["fată", "fata"]),
        ("fata", ["fata", "fete"]),
        ("țări", ["țări", "țării"]),
        ("țări", ["țări", "tari"]),
        ("președinte", ["președinte", "președinților"]),
        ("guvernul", ["guvernul", "guvern"]),
        ('"guvernul țării"', ["guvernul țării", "guvernele țării"]),
        ('"guvernul țării"', ["guvernul țării", "guvernul tarii"]),
        ('"guvernului țărilor"', ["guvernului țărilor", "guvernul țării"]),
        ("guvernul țării", ["guvernul țării", "guvernul țări"]),
    ],
)
@pytest.mark.parametrize("swapped", [False, True])
def test_what_is_spelled_as_asked_ranks_first(make: Make, query: str, ranked: list[str], swapped: bool) -> None:
    """Articles of one length, in either order of arrival, with nothing to tell them apart but the spelling."""
    for bodies in (ranked, [f"{body} acolo" for body in ranked]):
        ix = make(*(reversed(bodies) if swapped else bodies))
        best, worst = ix.search(query)
        assert (best.id, worst.id) == tuple(bodies)
        assert best.score > worst.score > 0


def test_face_before_girl(make: Make) -> None:
    """față finds a bare fata, which may be it, behind față itself; and never fată."""
    ix = make("față", "fata", "fată")
    assert found(ix, "față") == ["față", "fata"]
    assert set(found(ix, "fata")) == {"față", "fata", "fată"}
    assert found(ix, "fata")[0] == "fata"


WORDS = "țări tari țară tara față fată fata fața fete fețe pește peste până pană pana mână mana Iași iasi".split()  # noqa: SIM905
READINGS = [word for word in WORDS if plain(word) != word]


@pytest.fixture(scope="module")
def small_indexes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[list[str]], ni.Index]]:
    """Indexes of a few bodies, which several examples share one of."""
    place, made = tmp_path_factory.mktemp("small"), {}

    def index(bodies: list[str]) -> ni.Index:
        key = tuple(bodies)
        if key not in made:
            made[key] = ni.create(place / str(len(made)))
            made[key].add(ni.Article(id=str(number), body=body) for number, body in enumerate(bodies))
        return made[key]

    yield index
    made.clear()


many = st.lists(st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map(" ".join), min_size=1, max_size=6)


@settings(max_examples=60)
@given(bodies=many, words=st.lists(st.sampled_from(READINGS), min_size=1, max_size=3))
def test_a_bare_query_finds_at_least_what_its_readings_find(
    small_indexes: Callable[[list[str]], ni.Index], bodies: list[str], words: list[str]
) -> None:
    ix = small_indexes(bodies)
    quoted = '"' + " ".join(words) + '"'
    for query, match in ((" ".join(words), "all"), (" ".join(words), "any"), (quoted, "all"), (quoted + "~2", "all")):
        spelled = set(found(ix, query, match=match))
        assert spelled <= set(found(ix, plain(query), match=match)), query
    mixed = " ".join([plain(words[0]), *words[1:]])
    assert set(found(ix, " ".join(words))) <= set(found(ix, plain(mixed)))


@settings(max_examples=60)
@given(bodies=many, words=st.lists(st.sampled_from(READINGS), min_size=1, max_size=2))
def test_a_spelled_query_finds_what_it_found_once_an_article_loses_its_diacritics(
    small_indexes: Callable[[list[str]], ni.Index], bodies: list[str], words: list[str]
) -> None:
    spelled, bare = small_indexes(bodies), small_indexes([plain(body) for body in bodies])
    for query in (" ".join(words), '"' + " ".join(words) + '"'):
        assert set(found(spelled, query)) <= set(found(bare, query)), query


def test_foreign_letters_are_no_romanian_diacritics(make: Make) -> None:
    """An article in which only Müller has a mark is as bare as one without any."""
    ix = make("Müller a vorbit in fata presei", "Müller a vorbit în fata presei")
    assert found(ix, "față") == ["Müller a vorbit in fata presei"]
    assert len(found(ix, "Muller față")) == 1
    assert len(found(ix, "Müller fata")) == 2


# ------------------------------------------------------------------------------------------- questions

QUESTIONS = ["ministrul a declarat asta", "declarația de ieri a fost scurtă", "nimic despre aceasta"]


def test_derived_words_stand_in_for_each_other_in_questions_only(make: Make) -> None:
    ix = make(*QUESTIONS)
    for query in ("declara ministrul", "declară miniștrii"):
        assert found(ix, query, match="any") == QUESTIONS[:2]
    assert found(ix, ni.words("declară palatul", match="any")) == QUESTIONS[:2]
    assert found(ix, "declara", match="all") == [QUESTIONS[0]]
    assert found(ix, "declara SAU palatul") == [QUESTIONS[0]]
    assert found(ix, "declara SAU palatul", match="any") == [QUESTIONS[0]]
    for match in ("all", "any"):
        assert found(ix, '"ministrul a declara"', match=match) == [QUESTIONS[0]]
        assert found(ix, '"declara de ieri"', match=match) == []
        assert found(ix, "=declarat", match=match) == [QUESTIONS[0]]


def test_a_lone_word_is_no_question(make: Make) -> None:
    ix = make(*QUESTIONS)
    assert found(ix, "declara", match="any") == QUESTIONS[:1]
    assert found(ix, ni.words("declara", match="any")) == QUESTIONS[:1]
    assert found(ix, '"declara" xyz', match="any") == QUESTIONS[:1]


def test_derived_words_count_less_than_forms(make: Make) -> None:
    ix = make("declarația", "declară", "unu", "doi", "trei")
    first, second = ix.search("declarat palatul", match="any")
    assert (first.id, second.id) == ("declară", "declarația")
    assert first.score > 2 * second.score > 0


# ------------------------------------------------------------------------------------------- all of the API

STORY = [
    ni.Article(id="spelled", title="Țări", body="În fața presei, țările au vorbit.", date="2025-03-01", source="Alfa"),
    ni.Article(id="bare", title="Tari", body="In fata presei, tarile au vorbit.", date="2025-04-01", source="Beta"),
    ni.Article(id="strong", title="Tare", body="Mai tari decât fata aceea.", date="2025-04-02", source="Beta"),
    ni.Article(id="other", title="Nimic", body="Nici un cuvânt.", date="2025-06-01", source="Alfa"),
]
ASKED = {
    "țări": {"spelled", "bare"},
    "tari": {"spelled", "bare", "strong"},
    "față": {"spelled", "bare"},
    "fata": {"spelled", "bare", "strong"},
    "fată": {"bare", "strong"},
    '"fața presei"': {"spelled", "bare"},
    '"fata presei"': {"spelled", "bare"},
    "titlu:țară": {"spelled", "bare"},
    "corp:țară": {"spelled", "bare"},
    "titlu:tari": {"spelled", "bare", "strong"},
    "=tari": {"strong", "bare"},
    "țările NU fată": {"spelled"},
}


def assert_all_agree(ix: ni.Index) -> None:
    """Search, count, facets and timeline say the same of what is in STORY."""
    by_id = {article.id: article for article in STORY}
    for query, expected in ASKED.items():
        assert set(found(ix, query)) == expected, query
        sources = ix.facets(query, "source")
        assert sources == {
            source: count
            for source in ("Alfa", "Beta")
            if (count := sum(by_id[one].source == source for one in expected))
        }
        months = {month.isoformat()[:7]: count for month, count in ix.timeline(query).items() if count}
        dates = [str(by_id[one].date)[:7] for one in expected]
        assert months == {month: dates.count(month) for month in sorted(set(dates))}
        for one in by_id:
            score = ix.explain(query, one).score
            assert (score > 0) == (one in expected), (query, one)
        for hit in ix.search(query):
            assert hit.score == pytest.approx(ix.explain(query, hit.id).score)
        april = {one for one in expected if str(by_id[one].date).startswith("2025-04")}
        assert {hit.id for hit in ix.search(query, since="2025-04", until="2025-04")} == april


def test_one_segment_many_merged_replaced_and_deleted_are_the_same(tmp_path: Path) -> None:
    whole = ni.create(tmp_path / "whole")
    whole.add(STORY)
    assert_all_agree(whole)

    parts = ni.create(tmp_path / "parts")
    for article in reversed(STORY):
        parts.add([ni.Article(id=article.id, body="alt text: tari, fata, presei"), ni.Article(id="x" + article.id)])
    for article in STORY:
        with parts.writer() as writer:
            writer.add(article)
            assert writer.delete("x" + article.id)
    assert_all_agree(parts)
    assert parts.check().ok
    parts.optimize()
    assert parts.stats().segments == 1
    assert_all_agree(parts)
    assert parts.check().ok
    for ix in (whole, parts):
        with ix.writer() as writer:
            writer.delete("bare")
        assert set(found(ix, "tari")) == {"spelled", "strong"}
        assert found(ix, "țări") == ["spelled"]
        ix.optimize()
        assert found(ix, "țări") == ["spelled"]
        assert ix.check().ok


def test_an_article_is_bare_as_a_whole(tmp_path: Path) -> None:
    """Diacritics in the title show that the body has them where they belong, and the other way round."""
    ix = ni.create(tmp_path / "ix")
    ix.add(
        [
            ni.Article(id="title", title="Ședință", body="in fata"),
            ni.Article(id="body", title="in fata", body="ședință"),
            ni.Article(id="neither", title="in fata", body="sedinta", source="Știri"),
        ]
    )
    assert found(ix, "față") == ["neither"]
    assert set(found(ix, "titlu:fată")) == {"body", "neither"}
    assert set(found(ix, "ședință")) == {"title", "body", "neither"}


@pytest.mark.parametrize(
    ("body", "query", "marked"),
    [
        ("Au intrat soldatii in oras", "soldaților", {"soldatii"}),
        ("Au intrat soldații în oraș", "soldatilor", {"soldații"}),
        ("In fata presei", "față", {"fata"}),
        ("În fața presei, fata tace", "față", {"fața"}),
        ("În fața presei, fata tace", "fata", {"fața", "fata"}),
        ("Doua tari tari", "țări", {"tari"}),
        ("Oamenii și omul", "om", {"Oamenii", "omul"}),
        ("Erdoğanului și Erdogan", "Erdogan", {"Erdoğanului", "Erdogan"}),
        ("presedintele și preşedintele", "președinte", {"presedintele", "preşedintele"}),
        ("In fata presei, fata", '"fața presei"', {"fata", "presei"}),
        ("tara, tari", "=tari", {"tari"}),
    ],
)
def test_snippets_mark_what_matched(make: Make, body: str, query: str, marked: set[str]) -> None:
    (hit,) = make(body).search(query)
    snippet = hit.snippet(before="[", after="]")
    assert {piece.partition("]")[0] for piece in snippet.split("[")[1:]} == marked
    assert snippet.replace("[", "").replace("]", "") == body


def test_snippets_of_a_question_mark_derived_words(make: Make) -> None:
    (hit,) = make("declarația de ieri, scurtă").search("declară palatul", match="any")
    assert hit.snippet(before="[", after="]") == "[declarația] de ieri, scurtă"


def test_a_bare_article_is_not_scored_up_for_its_readings(make: Make) -> None:
    """A word that may be three words still is one word: its best reading counts."""
    ix = make("tari", "munti")
    (hit,) = ix.search("tari")
    (other,) = ix.search("munti")
    assert hit.score == pytest.approx(other.score)


# ------------------------------------------------------------------------------------------- another lexicon


OTHERS = [
    {"version": "simplemma 1.0 (000000000000), lemmagen3 3.0"},
    {"name": "snowball-romanian", "version": "3.0.1"},
]


def swap_analyzer(ix: ni.Index, change: dict[str, str]) -> tuple[str, str]:
    """Make the index one of another analyzer; returns how that is called, and how ours is."""
    path = ix.path / manifests.NAME
    content = json.loads(path.read_bytes())["manifest"]
    own = content["analyzer"]
    content["analyzer"] = own | change
    path.write_text(json.dumps({"checksum": manifests._checksum(content), "manifest": content}))
    theirs = own | change
    return f"{theirs['name']} {theirs['version']}", f"{own['name']} {own['version']}"


@pytest.mark.parametrize("change", OTHERS)
def test_an_index_of_another_lexicon_is_refused_by_name(make: Make, change: dict[str, str]) -> None:
    ix = make("țări")
    assert ix.stats().analyzer.startswith("romanian-lexicon simplemma ")
    assert ", lemmagen3 " in ix.stats().analyzer
    theirs, ours = swap_analyzer(ix, change)
    for use in (
        lambda: ni.open(ix.path),
        lambda: ni.search(ix.path, "țări"),
        lambda: ni.create(ix.path, exist_ok=True),
    ):
        with pytest.raises(ni.IndexVersionError, match="index the articles again") as caught:
            use()
        assert theirs in str(caught.value)
        assert ours in str(caught.value)
        assert (caught.value.found, caught.value.supported) == (theirs, ours)


@pytest.mark.parametrize("change", OTHERS)
def test_an_open_index_that_another_lexicon_took_over_is_refused_too(make: Make, change: dict[str, str]) -> None:
    """A process may run on while a newer newsindex makes the index anew: their words must not mix."""
    ix = make("țări")
    assert found(ix, "țări") == ["țări"]
    swap_analyzer(ix, change)
    for use in (lambda: ix.search("țări"), lambda: ix.add([ni.Article(body="x")])):
        with pytest.raises(ni.IndexVersionError):
            use()
