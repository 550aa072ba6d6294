"""`Stemmer` and the stop words."""

import pickle
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsindex.analysis import STOP_WORDS, Stemmer, fold, is_stop_word, tokenize


@pytest.mark.parametrize(
    "forms",
    [
        "președintele preşedintele presedintele președinte presedinte",
        "națiunile naţiunile natiunile națiune națiuni natiuni",
        "creșterea creşterea cresterea creștere",
        "guvernul guvernului guvern guverne guvernele",
        "știri ştiri stiri",
        "orașul oraşul orasul",
    ],
)
def test_spellings_and_inflections_meet(forms: str) -> None:
    assert len(set(Stemmer().stems(forms.split()))) == 1


@pytest.mark.parametrize(
    ("form", "stem"),
    [("g20", "g20"), ("10000,50", "10000,50"), ("covid19ului", "covid19ului"), ("m²urilor", "m²urilor")],
)
def test_forms_with_a_digit_are_only_folded(form: str, stem: str) -> None:
    assert Stemmer()(form) == stem
    assert Stemmer().stems([form]) == [stem]


def test_stems_have_no_diacritics() -> None:
    assert Stemmer()("șț") == "st"
    assert Stemmer()("łódź2") == "lodz2"


@given(st.lists(st.text(st.sampled_from("abcdeilmnorstuăâîșțşţ12")) | st.text(max_size=12)))
def test_one_by_one_and_in_bulk_are_the_same(texts: list[str]) -> None:
    forms = [form for text in texts for form, _, _ in tokenize(text)]
    stemmer = Stemmer()
    stems = stemmer.stems(iter(forms))
    assert stems == [stemmer(form) for form in forms]
    assert all(stems)
    assert [fold(stem) for stem in stems] == stems


def test_an_index_can_record_which_stemmer_it_was() -> None:
    stemmer = Stemmer()
    assert stemmer.name == "snowball-romanian"
    assert stemmer.version.split(".")[0].isdigit()


def test_a_pickled_stemmer_works() -> None:
    assert pickle.loads(pickle.dumps(Stemmer()))("guvernului") == "guvern"  # noqa: S301 - as Whoosh does


def test_threads_share_a_stemmer() -> None:
    forms = [
        f"{root}{end}"
        for root in ("guvern", "oraș", "regiun", "țăr", "soldaț")
        for end in ("ul", "ului", "ele", "elor", "ea", "ii", "ilor", "ește", "ând")
    ] * 4
    expected = Stemmer().stems(forms)
    shared, start = Stemmer(), threading.Barrier(8)

    def work(rotation: int) -> bool:
        start.wait()
        order = [*range(rotation, len(forms)), *range(rotation)]
        return (
            all(shared(forms[i]) == shared._stem(forms[i]) == expected[i] for _ in range(20) for i in order)
            and shared.stems(forms) == expected
        )

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(8)))


def test_remembered_forms_are_bounded() -> None:
    stemmer = Stemmer()
    for i in range(20_000):
        stemmer(f"cuvânt{i}")
    assert stemmer._cached.cache_info().currsize <= 16_384


def test_stop_words_are_forms_as_the_tokenizer_gives_them() -> None:
    for word in STOP_WORDS:
        assert [form for form, _, _ in tokenize(word)] == [word]
    assert 150 <= len(STOP_WORDS) <= 200


@pytest.mark.parametrize(
    "word",
    [
        "și",
        "şi",
        "si",
        "să",
        "sa",
        "că",
        "ca",
        "de",
        "la",
        "în",
        "in",
        "pe",
        "cu",
        "care",
        "este",
        "sunt",
        "nu",
        "se",
        "o",
        "un",
        "a",
        "al",
        "lui",
        "într",
        "s",
        "n",
    ],
)
def test_function_words_are_stop_words(word: str) -> None:
    assert is_stop_word(word)


@pytest.mark.parametrize(
    "word",
    [
        "fata",
        "față",
        "fața",
        "tari",
        "țări",
        "tare",
        "casa",
        "casă",
        "pana",
        "pană",
        "până",
        "peste",
        "pește",
        "tine",
        "ține",
        "intre",
        "intră",
        "ii",
        "v",
        "ai",
        "ati",
        "as",
        "mie",
        "mine",
        "noi",
        "nouă",
        "om",
        "mai",
        "an",
        "ani",
        "guvern",
        "două",
        "zi",
        "cui",
        "drept",
        "sat",
        "sale1",
        "oi",
    ],
)
def test_content_words_are_not(word: str) -> None:
    assert not is_stop_word(word)
