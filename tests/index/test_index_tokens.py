"""What readers type finds what papers print: clitics, abbreviations, numbers and addresses through the public API."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

import newsindex as ni

# One article for each way of writing, and what must find it and no other: first the spelling that it has.
CASES = {
    "clitic": ("Ministrul s-a răzgândit aseară.", ["s-a răzgândit", "s’a răzgândit", "s'a răzgândit", "sʼa răzgândit"]),
    "clitic with a long dash": ("Vecinul s–a mutat la țară.", ["s–a mutat", "s-a mutat", "s\u2011a mutat"]),
    "într-un": (
        "Copilul doarme într-un leagăn.",
        ["într-un leagăn", "într’un leagăn", "ÎNTR-UN LEAGĂN", "într un leagăn"],
    ),
    "într'un": ("Scria într'un caiet vechi.", ["într'un caiet", "într-un caiet", "i\u0302ntr-un caiet"]),
    "dându-i-se": ("A plecat dându-i-se voie.", ["dându-i-se voie", "dându i se voie", "DÂNDU\u2011I\u2011SE voie"]),
    "l-au": ("Polițiștii l-au găsit.", ["l-au găsit", "l’au găsit", "L-AU GĂSIT"]),
    "nu-i": ("Azi nu-i soare.", ["nu-i soare", "nu’i soare", "nu i soare"]),
    "prim-ministrul": ("A vorbit prim-ministrul Finlandei.", ["prim-ministrul", "prim ministrul", "Prim–Ministrul"]),
    "ex-președinte": ("Un ex-președinte de club.", ["ex-președinte", "ex-preşedinte", "ex președinte"]),
    "Cluj-Napoca": ("Trenul spre Cluj-Napoca întârzie.", ["Cluj-Napoca", "cluj napoca", "CLUJ\u2011NAPOCA"]),
    "U.E.": ("Fonduri de la U.E., în toamnă.", ["de la U.E.", "de la U.E", "de la UE în toamnă"]),
    "UE": ("Bani din UE pentru poduri noi.", ["UE pentru", "U.E. pentru", "u.e. pentru"]),
    "S.R.L.": ("Patronul S.R.L. Brutăria Veche.", ["S.R.L. Brutăria", "SRL Brutăria", "srl brutăria"]),
    "dotted thousands": ("Premiul e de 10.000 euro.", ["10.000 euro", "10 000 euro", "10000 euro", "10\u00a0000 euro"]),
    "spaced thousands": ("Sala are 12 500 locuri.", ["12 500 locuri", "12.500 locuri", "12500 locuri"]),
    "plain thousands": ("Pe stadion, 34000 de suporteri.", ["34000", "34.000", "34 000", "34\u202f000", "34\u2009000"]),
    "million": ("Au votat 1 234 567 cetățeni.", ["1 234 567 cetățeni", "1.234.567 cetățeni", "1234567 cetățeni"]),
    "money": ("Chiria: 1 000,50 lei.", ["1 000,50 lei", "1.000,50 lei", "1000,50 lei"]),
    "percent": ("Inflația a urcat la 3,5 % în mai.", ["3,5 %", "3,5%", "la 3,5 % în mai", "3,5"]),
    "years": ("Bugetul pe 2024-2025 e gata.", ["2024-2025", "2024–2025", "2024/2025", "2024 2025"]),
    "law": ("Ordonanța nr. 12/2024 a căzut.", ["nr. 12/2024", "nr 12/2024", "Nr. 12 / 2024", "12/2024"]),
    "telephone": ("Sunați la 0722 123 456.", ["0722 123 456", "la 0722 123 456"]),
    "telephone abroad": ("Sau: +40 733 654 321.", ["+40 733 654 321", "+40733654321", "40733654321"]),
    "e-mail": ("Scrieți la ion.popescu@exemplu.ro azi.", ["ion.popescu@exemplu.ro", "Ion.Popescu@Exemplu.ro"]),
    "site": ("Detalii pe www.ziarul-exemplu.ro.", ["www.ziarul-exemplu.ro", "ziarul-exemplu.ro"]),
    "address": (
        "Pe https://stiri.exemplu.org/a/pod-nou.html?id=7&x=2 scrie tot.",
        ["https://stiri.exemplu.org/a/pod-nou.html?id=7&x=2", "stiri.exemplu.org/a/pod-nou.html", "stiri.exemplu.org"],
    ),
    "hashtag": ("Lumea striga #MareaUnire și pleca.", ["#MareaUnire", "mareaunire", "#mareaunire"]),
    "user": ("Contul @ion_ionescu a dispărut.", ["@ion_ionescu", "ion ionescu"]),
    "Romanian quotes": ("Titlul „Moara cu noroc” rămâne.", ["Moara cu noroc", "moara cu noroc rămâne"]),
    "French quotes": ("Și «Baltagul» se citește.", ["Baltagul", "și baltagul se"]),
    "soft hyphens": ("Par\u00adla\u00admen\u00adta\u00adrii dorm.", ["parlamentarii dorm", "Par\u00adlamentarii dorm"]),
    "decomposed": (
        unicodedata.normalize("NFD", "Șoșeaua spre mănăstire."),
        ["Șoșeaua spre mănăstire", "Şoşeaua spre mănăstire", unicodedata.normalize("NFD", "șoșeaua spre mănăstire")],
    ),
    "ordinal": ("A treia carte despre Mihai al II-lea.", ["al II-lea", "al ii lea"]),
    "dioxide": ("Emisiile de CO₂ cresc.", ["CO₂", "CO2", "co2"]),
    "square metres": ("O casă de 90 m² la munte.", ["90 m²", "90 m2"]),
}
QUERIES = [(name, query) for name, (_, queries) in CASES.items() for query in queries]

# The same, without quotes: what the language takes for a word, and what stands beside another need not adjoin.
BARE = [
    ("clitic", "s-a răzgândit"),
    ("într-un", "într-un leagăn"),
    ("dându-i-se", "dându-i-se"),
    ("Cluj-Napoca", "Cluj-Napoca"),
    ("ex-președinte", "ex-președinte"),
    ("S.R.L.", "SRL"),
    ("S.R.L.", "S.R.L."),
    ("dotted thousands", "10.000"),
    ("dotted thousands", "10 000"),
    ("dotted thousands", "10000"),
    ("dotted thousands", "premiul 10\u00a0000 euro"),
    ("spaced thousands", "12 500"),
    ("spaced thousands", "sala 12.500 locuri"),
    ("million", "1 234 567"),
    ("million", "(1 234 567 SAU 7 654 321)"),
    ("million", "=1 234 567"),
    ("million", "+1 234 567"),
    ("money", "1 000,50"),
    ("percent", "inflația 3,5 %"),
    ("years", "2024-2025"),
    ("law", "nr. 12/2024"),
    ("telephone", "0722 123 456"),
    ("telephone abroad", "+40 733 654 321"),
    ("e-mail", "ion.popescu@exemplu.ro"),
    ("site", "www.ziarul-exemplu.ro"),
    ("address", "https://stiri.exemplu.org/a/pod-nou.html"),
    ("address", "https://stiri.exemplu.org/"),
    ("address", r"https://stiri.exemplu.org/a/pod-nou.html\?id=7&x=2"),
    ("hashtag", "#MareaUnire"),
    ("user", "@ion_ionescu"),
    ("Romanian quotes", "„Moara cu noroc”"),
    ("Romanian quotes", "«moara cu noroc»"),
    ("dioxide", "CO₂"),
]


@pytest.fixture(scope="module")
def ix(tmp_path_factory: pytest.TempPathFactory) -> ni.Index:
    index = ni.create(tmp_path_factory.mktemp("tokens") / "index")
    index.add(ni.Article(id=name, title="Știre", body=body) for name, (body, _) in CASES.items())
    return index


def found(ix: ni.Index, query: object) -> set[str]:
    return {hit.id for hit in ix.search(query, limit=None)}


@pytest.mark.parametrize(("name", "typed"), QUERIES)
def test_the_phrase_finds_its_article_and_no_other(ix: ni.Index, name: str, typed: str) -> None:
    assert found(ix, f'"{typed}"') == {name}
    assert found(ix, ni.phrase(typed)) == {name}


@pytest.mark.parametrize(("name", "query"), BARE)
def test_without_quotes_it_is_found_too(ix: ni.Index, name: str, query: str) -> None:
    assert found(ix, query) == {name}


@pytest.mark.parametrize("typed", ["U.E.", "UE", "u.e.", '"U.E."', "„UE”"])
def test_dots_of_an_abbreviation_change_nothing(ix: ni.Index, typed: str) -> None:
    assert found(ix, typed) == {"U.E.", "UE"}


@pytest.mark.parametrize("typed", ["123 456", "722 123 456", "0722123456", "234 567", "500", "35", "3 5", "10", "000"])
def test_parts_of_numbers_and_other_numbers_find_nothing(ix: ni.Index, typed: str) -> None:
    assert found(ix, f'"{typed}"') == set()


def test_a_line_break_joins_no_number(tmp_path: Path) -> None:
    index = ni.create(tmp_path / "index")
    index.add([ni.Article(id="tabel", title="Tabel", body="Corigenți: 12\n300 de elevi"), ni.Article(title="12 300")])
    assert found(index, '"corigenți 12" 300') == {"tabel"}
    assert found(index, '"12\n300"') == {"tabel"}
    assert "tabel" not in found(index, '"12 300"')


def test_a_web_address_with_a_question_mark_needs_quotes(ix: ni.Index) -> None:
    # Without them ? is a wildcard, here for a letter between "html" and "id".
    address = "stiri.exemplu.org/a/pod-nou.html?id=7"
    assert found(ix, address) == set()
    assert found(ix, f'"{address}"') == {"address"}


def test_a_scheme_is_no_field_but_other_names_before_a_colon_are(ix: ni.Index) -> None:
    assert found(ix, "https://stiri.exemplu.org") == {"address"}
    assert found(ix, "stiri.exemplu.org:443") == set()
    with pytest.raises(ni.QueryError, match="mailto"):
        found(ix, "mailto:ion.popescu@exemplu.ro")
    assert found(ix, '"mailto:ion.popescu@exemplu.ro"') == set()


def test_a_leading_minus_excludes_unless_quoted(ix: ni.Index) -> None:
    assert "spaced thousands" not in found(ix, "-12 500")
    assert found(ix, '"-12 500"') == {"spaced thousands"}


def test_snippets_mark_the_number_as_printed(ix: ni.Index) -> None:
    [hit] = ix.search("12500")
    assert "**12 500**" in hit.snippet()
    [hit] = ix.search('"u.e. pentru poduri"')
    assert "**UE**" in hit.snippet() or "**UE pentru poduri**" in hit.snippet()
