"""The relevance benchmark: its measures on data small enough to work out by hand, and its run on generated text.

No figure is asserted that depends on how newsindex stems or ranks.
"""

import doctest
import gzip
import importlib
import json
import re
import sys

import attrs
import pytest
from click.testing import CliRunner

import newsindex as ni
from benchmarks.__main__ import main
from benchmarks.generator import generate, stories
from benchmarks.relevance import joining, lists, measures, retrieval
from benchmarks.relevance.measures import RankQuality, SetQuality
from benchmarks.relevance.retrieval import AS_WRITTEN, FOLDED, Task
from benchmarks.relevance.variants import DEFAULT, Prepared, Variant, variants
from newsindex.analysis import fold, tokenize

WAYS = ["no stemming", "Snowball", "Snowball folded", "default"]
ROWS = [
    ("copil", "copil", "NOUN"),
    ("Copiii", "copil", "NOUN"),
    ("copia", "copia", "VERB"),
    ("copii", "copil", "NOUN"),
    ("copii", "copie", "NOUN"),
    ("copie", "copie", "NOUN"),
]

# Ways whose figures are known, whatever newsindex and Snowball do.
FIRST_FOUR = Prepared("first four letters", "", lambda form: form[:4])
EXACT = Prepared("forms", "", lambda form: form)


@pytest.fixture
def way():
    return {one.name: one for one in variants()}


# Joining forms.


def test_pairs_share_a_lemma_in_both_directions():
    words = lists.make("here", ROWS)
    assert joining.right_pairs(words) == {
        ("copil", "copiii"),
        ("copiii", "copil"),
        ("copil", "copii"),
        ("copii", "copil"),
        ("copiii", "copii"),
        ("copii", "copiii"),
        ("copii", "copie"),
        ("copie", "copii"),
    }


def test_joined_forms_are_measured_over_pairs(tmp_path):
    # All five forms begin alike: 20 pairs are found, 8 of them right.
    found = joining.measure(lists.make("here", ROWS), FIRST_FOUR, tmp_path / "index")
    assert found["all"] == SetQuality(pytest.approx(8 / 20), pytest.approx(1.0), pytest.approx(16 / 28))
    assert found["NOUN"] == SetQuality(pytest.approx(8 / 16), pytest.approx(1.0), pytest.approx(16 / 24))
    assert set(found) == {"all", "NOUN"}  # no verb shares its lemma, and there are no adjectives or names


def test_what_joins_nothing_scores_nothing(tmp_path):
    found = joining.measure(lists.make("here", ROWS), EXACT, tmp_path / "index")
    assert found["all"] == SetQuality(0.0, 0.0, 0.0)


def test_a_list_without_pairs_has_no_figures(tmp_path):
    words = lists.make("here", [("om", "om", "NOUN"), ("an", "an", "NOUN")])
    assert joining.measure(words, EXACT, tmp_path / "index") == {}


@pytest.mark.parametrize("name", WAYS)
def test_every_way_finds_each_form_itself(name, way, tmp_path):
    forms = ["copii", "țară", "tara", "este", "în", "oamenilor"]  # a lone stop word is looked for
    index = ni.create(tmp_path / "index")
    index.add(ni.Article(id=form, body=way[name].text(form)) for form in forms)
    for form in forms:
        assert form in {hit.id for hit in index.search(way[name].question(form), limit=None, match="any")}


def test_lists_are_read_in_both_notations(tmp_path):
    file = tmp_path / "list.tsv"
    rows = [
        "Ţării\tţară\tNOUN\t7",
        "gravată\tgravat\tADJ;NOM/ACC;FEM;SG;INDF",
        "să graveze\tgrava\tV;SBJV;PRS;3;SG",
        "gravând\tgrava\tV.CVB;PRS",
        "Clujului\tCluj\tPROPN\t1",
        "",
        "și\tși\tCCONJ\t798",
        "1989\t1989\tNOUN\t3",
    ]
    file.write_text("\n".join(rows), encoding="utf-8")
    words = lists.read(file)
    assert words.name == "list.tsv"
    assert words.classes == {
        "țării": {"NOUN"},
        "gravată": {"ADJ"},
        "gravând": {"VERB"},
        "clujului": {"PROPN"},
    }
    assert words.lemmas["țării"] == {"țară"}


def test_a_sample_has_whole_lemmas_and_is_fixed_by_its_seed():
    words = lists.generated()
    assert set.union(*map(set, words.classes.values())) == set(lists.CLASSES)
    sample = words.sample(500, seed=3)
    assert 500 <= len(sample.lemmas) < 520
    assert sample == words.sample(500, seed=3) != words.sample(500, seed=4)
    known = words.by_lemma()
    whole = [known[lemma] for lemma, forms in sample.by_lemma().items() if len(forms) == len(known[lemma])]
    assert len(whole) > 40
    assert {form for forms in whole for form in forms} == set(sample.lemmas)
    assert words.sample(0, seed=3) is words


# Finding articles.


def test_rankings_are_measured_in_their_own_order():
    right = {"a": ["1"], "b": ["2", "3"], "c": ["4"], "d": ["5"]}
    rankings = {"a": ["9", "8", "1"], "b": ["2", "7"], "c": [], "d": [*map(str, range(10, 20)), "5"]}
    # Reciprocal ranks 1/3, 1, 0 and 0 (the eleventh hit is past the cut); recalls 1, 1/2, 0 and 0.
    assert measures.of_rankings(right, rankings) == RankQuality(pytest.approx(1 / 3), pytest.approx(3 / 8))
    assert measures.of_rankings(right, {}) == RankQuality(0.0, 0.0)


def _articles(*titles):
    return [ni.Article(id=str(number), title=title, body=title) for number, title in enumerate(titles, 1)]


def test_a_related_article_is_not_the_question_itself(tmp_path):
    articles = _articles("ploi mari", "ploi mari azi", "ninsori")
    # Right is the second hit, which is the first when the question's own article is taken out.
    task = Task("related", {"1": "ploi mari"}, {"1": ["2"]}, known_item=False)
    [found] = retrieval.measure([task], articles, EXACT, tmp_path)
    assert found[AS_WRITTEN] == RankQuality(1.0, 1.0)


def test_ten_articles_are_left_without_the_question_itself(tmp_path):
    articles = _articles("ploi", *["ploi mari"] * 10)
    task = Task("related", {"1": "ploi"}, {"1": [str(number) for number in range(2, 12)]}, known_item=False)
    [found] = retrieval.measure([task], articles, EXACT, tmp_path)
    assert found[AS_WRITTEN] == RankQuality(1.0, 1.0)


def test_a_known_item_is_found_by_its_body_alone(tmp_path):
    articles = [
        ni.Article(id="1", title="ploi", body="soare și vânt"),
        ni.Article(id="2", title="vânt", body="ploi mari"),
    ]
    task = Task("title to body", {"1": "ploi", "2": "ploi"}, {"1": ["1"], "2": ["2"]}, known_item=True)
    [found] = retrieval.measure([task], articles, EXACT, tmp_path)
    assert found[AS_WRITTEN] == RankQuality(0.5, 0.5)


def test_folded_questions_have_no_diacritics(tmp_path):
    asked = []

    class Listening(Variant):
        def question(self, text):
            asked.append(text)
            return super().question(text)

    articles = _articles("Ştiri din ţară", "Stiri din tara")
    task = Task("related", {"1": "Ştiri din ţara\u0306"}, {"1": ["2"]}, known_item=False)
    [found] = retrieval.measure([task], articles, Listening(DEFAULT, ""), tmp_path)
    assert asked == ["Ştiri din ţara\u0306", "Stiri din tara"]
    assert set(found) == {AS_WRITTEN, FOLDED}


def test_folding_shows_where_forms_are_exact(tmp_path):
    articles = _articles("Știri din țară", "Știri din țară azi", "altceva")
    task = Task("related", {"1": "Știri din țară"}, {"1": ["2"]}, known_item=False)
    [found] = retrieval.measure([task], articles, EXACT, tmp_path)
    assert found == {AS_WRITTEN: RankQuality(1.0, 1.0), FOLDED: RankQuality(0.0, 0.0)}


def test_known_items_have_titles_of_their_own_and_bodies():
    body = "Un text destul de lung. " * 30
    articles = [
        ni.Article(id="good", title="Ploi în Banat", body=body),
        ni.Article(id="twice", title="Cursul de astăzi", body=body),
        ni.Article(id="again", title="Cursul de astăzi", body=body),
        ni.Article(id="short", title="Ninsori la munte", body="Scurt."),
        ni.Article(id="untitled", title="", body=body),
        ni.Article(id="terse", title="Ploi mari", body=body),
    ]
    task = retrieval.known_items(articles)
    assert task.questions == {"good": "Ploi în Banat"}
    assert task.right == {"good": ["good"]}


def test_generated_articles_of_one_story_are_related():
    articles = list(generate(200, seed=2))
    numbers = stories(200, seed=2)
    assert numbers.keys() == {article.id for article in articles}
    task = retrieval.related_by_story(articles, numbers)
    assert len(task.questions) > 100
    for one, others in task.right.items():
        assert one not in others
        assert {numbers[other] for other in others} == {numbers[one]}
    assert task.questions.keys() == task.right.keys()


def test_a_sample_of_questions_is_fixed_by_its_seed():
    task = retrieval.known_items(list(generate(50)))
    sample = task.sample(10, seed=1)
    assert len(sample.questions) == 10
    assert sample.questions.keys() == sample.right.keys()
    assert sample == task.sample(10, seed=1) != task.sample(10, seed=2)
    assert task.sample(0, seed=1) == task.sample(1_000, seed=1) == task


# Ways.


def test_a_question_is_for_what_newsindex_would_look_for():
    assert EXACT.text("Ploi, ploi și vânt!").split()[0] == EXACT.text("ploi")
    one, other = EXACT.text("prim"), EXACT.text("ministrul")
    assert EXACT.question("Prim-ministrul și ploi") == f'="{one} {other}" ="{EXACT.text("ploi")}"'
    assert EXACT.question("de la") == f'="{EXACT.text("de")}" ="{EXACT.text("la")}"'


def test_query_syntax_in_a_title_is_text(tmp_path):
    title = 'Titlu: "ploi" AND (NOT =vânt* ~2 ^3 [a TO b]'
    for number, one in enumerate(variants()):
        index = ni.create(tmp_path / str(number))
        index.add([ni.Article(id="1", body=one.text("ploi mari")), ni.Article(id="2", body=one.text("soare"))])
        assert [hit.id for hit in index.search(one.question(title), match="any")] == ["1"]


def test_prepared_texts_keep_their_words(way):
    text = "S-a terminat: 10.000 de oameni, 3,5 % și prim-ministrul U.E."
    lengths = {len(one.text(text).split()) for one in way.values() if isinstance(one, Prepared)}
    assert lengths == {len(list(tokenize(text)))}
    assert way[DEFAULT].text(text) == text


def test_the_ways_differ_by_their_stems_alone(way):
    def same(name, one, other):
        return way[name].text(one) == way[name].text(other)

    assert not same("no stemming", "guvernul", "guvernului")
    assert same("Snowball", "guvernul", "guvernului")
    assert not same("Snowball", "țar", fold("țar"))
    assert same("Snowball folded", "țar", fold("țar"))
    assert all(same(name, "ŢARĂ", "țară") for name in WAYS[:3])


# Files that are named on the command line.


def _related(folder, questions, links):
    folder.mkdir(exist_ok=True)
    for name, lines in (("queries.jsonl.gz", questions), ("qrels.tsv.gz", links)):
        with gzip.open(folder / name, "wt", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
    return folder


def test_links_are_read_and_those_that_lead_nowhere_left_out(tmp_path):
    questions = [json.dumps({"qid": one, "text": text}) for one, text in (("1", "ploi"), ("2", "vânt"), ("3", "–"))]
    links = ["1\t2\t1", "1\t1\t1", "1\t99\t1", "2\t99\t1", "3\t1\t1", "4\t1\t1"]
    task = retrieval.read_related(_related(tmp_path / "related", questions, links), _articles("ploi", "vânt", "nor"))
    assert task == Task("related", {"1": "ploi"}, {"1": ["2"]}, known_item=False)


GOOD = ['{"qid": "1", "text": "ploi"}'], ["1\t2\t1"]


@pytest.mark.parametrize(
    ("questions", "links", "message"),
    [
        (["nope"], GOOD[1], "queries.jsonl.gz, line 1"),
        (["[" * 100_000], GOOD[1], "queries.jsonl.gz, line 1"),
        ([GOOD[0][0], '{"qid": "2"}'], GOOD[1], "queries.jsonl.gz, line 2"),
        (['{"qid": 1, "text": "ploi"}'], GOOD[1], "must be texts"),
        (GOOD[0], ["1 2 1"], "qrels.tsv.gz, line 1"),
        (GOOD[0], ["1\t99\t1"], "no link leads"),
    ],
)
def test_bad_links_are_named(questions, links, message, tmp_path):
    folder = _related(tmp_path / "related", questions, links)
    with pytest.raises(ValueError, match=message):
        retrieval.read_related(folder, _articles("ploi", "vânt"))


@pytest.mark.parametrize(
    "content", [b"plain", b"\x1f\x8b\x08", gzip.compress(b"\xff\xfe"), gzip.compress(bytes(99))[:15]]
)
def test_links_that_are_no_compressed_text_are_named(content, tmp_path):
    folder = _related(tmp_path / "related", *GOOD)
    (folder / "queries.jsonl.gz").write_bytes(content)
    with pytest.raises(ValueError, match=r"queries\.jsonl\.gz"):
        retrieval.read_related(folder, _articles("ploi", "vânt"))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"om om NOUN", "line 1: form, lemma and word class"),
        (b"om\tom\tNOUN\nan\tan\n", "line 2"),
        (b"si\tsi\tCCONJ\n", "no noun"),
        (b"\xff\xfeo\tm", "not UTF-8"),
    ],
)
def test_bad_lists_are_named(content, message, tmp_path):
    file = tmp_path / "list.tsv"
    file.write_bytes(content)
    with pytest.raises(ValueError, match=message) as caught:
        lists.read(file)
    assert str(file) in str(caught.value)


# Whole runs.


def _invoke(*arguments):
    return CliRunner().invoke(main, ["relevance", *map(str, arguments)])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--lemmas", "missing.tsv"], "missing.tsv"),
        (["--corpus", "missing.jsonl"], "missing.jsonl"),
        (["--related", "links"], "--corpus"),
        (["--corpus", "news.jsonl", "--related", "links"], "queries.jsonl.gz"),
        (["--forms", "-1"], "--forms"),
    ],
)
def test_missing_files_are_named(arguments, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "news.jsonl").write_text('{"id": "1", "title": "Ploi", "body": "Ploi mari."}\n', encoding="utf-8")
    result = _invoke(*arguments)
    assert result.exit_code != 0
    assert message in result.output
    assert "Traceback" not in result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)


def test_a_missing_package_is_named_with_what_brings_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "ir_measures", None)
    result = _invoke("--articles", 5)
    assert result.exit_code == 1
    assert "ir-measures" in result.output
    assert "newsindex[benchmarks]" in result.output


@pytest.fixture(scope="module")
def generated_run(tmp_path_factory):
    """What a run on generated text prints, and its JSON."""
    file = tmp_path_factory.mktemp("relevance") / "run.json"
    result = _invoke("--articles", 80, "--forms", 150, "--questions", 15, "--json", file)
    assert result.exit_code == 0, result.output
    return result.output, json.loads(file.read_text(encoding="utf-8"))


def _qualities(run):
    for one in [*run["joining"], *run["retrieval"]]:
        for of in one["variants"].values():
            yield from of.values()


def test_the_tables_have_all_rows(generated_run):
    output, _ = generated_run
    rows = [line.strip() for line in output.splitlines()]
    for name in WAYS:
        found = (re.fullmatch(rf"{name}((?: +(?:[0-9.]+|–))+)", row) for row in rows)
        shown = [match[1].split() for match in found if match]
        assert [len(row) for row in shown] == [7, 4, 4], name
        assert all(0 <= float(figure) <= 1 for row in shown for figure in row if figure != "–")
    assert all(word in output for word in ("title to body", "related", "precision", "F1 names", FOLDED, "ir-measures"))


def test_the_json_has_every_figure(generated_run):
    _, run = generated_run
    assert run["format"] == 1
    assert set(run["machine"]) == {"python", "system", "cpu", "cpus", "memory_gb"}
    assert run["corpus"]["articles"] == 80
    assert set(run["versions"]) == {"newsindex", "pystemmer", "ir-measures"}
    assert list(run["ways"]) == WAYS
    [words] = run["joining"]
    assert words["words"] == "generated"
    assert words["forms"] >= 150
    assert words["pairs"] > 150
    assert [task["task"] for task in run["retrieval"]] == ["title to body", "related"]
    assert all(task["questions"] == 15 for task in run["retrieval"])
    for one in [words, *run["retrieval"]]:
        assert list(one["variants"]) == WAYS
    assert all(set(of) == {AS_WRITTEN, FOLDED} for task in run["retrieval"] for of in task["variants"].values())
    assert {frozenset(one) for one in _qualities(run)} == {
        frozenset(field.name for field in attrs.fields(record)) for record in (SetQuality, RankQuality)
    }
    assert all(0 <= value <= 1 for one in _qualities(run) for value in one.values())
    assert any(value > 0 for value in run["retrieval"][0]["variants"]["default"][AS_WRITTEN].values())


def test_a_run_on_files(tmp_path):
    body = "ploile au venit de la apus și au trecut peste câmpie spre munte " * 8
    titles = ("Ploi mari în Banat", "Ploi peste Banat azi", "Soare la munte mâine")
    rows = [{"id": str(number), "title": title, "body": title + body} for number, title in enumerate(titles, 1)]
    (tmp_path / "news.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    (tmp_path / "a.tsv").write_text("om\tom\tNOUN\t1\nomul\tom\tNOUN\t1\n", encoding="utf-8")
    (tmp_path / "b.tsv").write_text("an\tan\tN;SG\nani\tan\tN;PL\n", encoding="utf-8")
    links = _related(tmp_path / "links", ['{"qid": "1", "text": "Ploi mari în Banat"}'], ["1\t2\t1"])
    found = {}
    for related in ([], ["--related", links]):
        result = _invoke(
            *("--corpus", tmp_path / "news.jsonl", "--lemmas", tmp_path / "a.tsv", "--lemmas", tmp_path / "b.tsv"),
            *("--json", tmp_path / "run.json"),
            *related,
        )
        assert result.exit_code == 0, result.output
        run = json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))
        assert [(one["words"], one["forms"], one["pairs"]) for one in run["joining"]] == [
            ("a.tsv", 2, 2),
            ("b.tsv", 2, 2),
        ]
        assert str(tmp_path) not in json.dumps(run)
        found[bool(related)] = [(one["task"], one["questions"]) for one in run["retrieval"]], run["notes"]
    assert found[True] == ([("title to body", 3), ("related", 1)], [])
    assert found[False][0] == [("title to body", 3)]
    assert "--related" in found[False][1][0]


def test_articles_that_will_not_do_are_told(tmp_path):
    (tmp_path / "news.jsonl").write_text('{"id": "1", "title": "Ploi", "body": "Ploi mari."}\n', encoding="utf-8")
    (tmp_path / "a.tsv").write_text("om\tom\tNOUN\t1\nan\tan\tNOUN\t1\n", encoding="utf-8")
    result = _invoke("--corpus", tmp_path / "news.jsonl", "--lemmas", tmp_path / "a.tsv")
    assert result.exit_code == 0, result.output
    assert "title to body left out" in result.output
    assert "0 pairs" in result.output


@pytest.mark.parametrize("name", ["joining", "lists", "measures", "retrieval", "suite", "variants"])
def test_docstring_examples_of_the_relevance_benchmark(name):
    module = importlib.import_module(f"benchmarks.relevance.{name}")
    assert doctest.testmod(module).failed == 0
