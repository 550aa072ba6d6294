"""Which files a path means: directories, globs, links, pipes, and paths that mean nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from newsindex.errors import ArticleError
from newsindex.ingest import read_articles
from newsindex.ingest.paths import find

TREE = [
    "b.txt",
    "a.txt",
    "m/2024/x.jsonl",
    "m/2025/y.TXT",
    "m/2025/z.csv",
    "m/readme.md",
    "m/.hidden.txt",
    ".git/c.txt",
    "z.txt.gz",
    "z.tar.gz",
    "noending",
]


@pytest.fixture
def tree(tmp_path):
    for name in TREE:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    return tmp_path


def names(root, path):
    return [str(Path(file).relative_to(root)) for file in find(str(path)).files]


def test_a_directory_is_searched_in_the_order_of_names(tree):
    expected = ["a.txt", "b.txt", "m/2024/x.jsonl", "m/2025/y.TXT", "m/2025/z.csv", "z.txt.gz"]
    assert names(tree, tree) == expected
    found = find(str(tree))
    assert found.size == len(expected)
    assert (found.links, found.faults) == (0, [])


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*.txt", ["a.txt", "b.txt"]),
        ("?.txt*", ["a.txt", "b.txt", "z.txt.gz"]),
        ("[!a].txt", ["b.txt"]),
        ("m/*/*", ["m/2024/x.jsonl", "m/2025/y.TXT", "m/2025/z.csv"]),
        ("m/202*", ["m/2024/x.jsonl", "m/2025/y.TXT", "m/2025/z.csv"]),
        ("*/2025/z.csv", ["m/2025/z.csv"]),
        ("**/*.csv", ["m/2025/z.csv"]),
        ("**/*.txt", ["a.txt", "b.txt"]),
        ("m/**", ["m/2024/x.jsonl", "m/2025/y.TXT", "m/2025/z.csv"]),
        ("**/**/x.jsonl", ["m/2024/x.jsonl"]),
        ("**/2025/*", ["m/2025/y.TXT", "m/2025/z.csv"]),
        ("**/*", ["a.txt", "b.txt", "m/2024/x.jsonl", "m/2025/y.TXT", "m/2025/z.csv", "z.txt.gz"]),
        ("m/.h*", ["m/.hidden.txt"]),
    ],
)
def test_globs(tree, pattern, expected, monkeypatch):
    assert names(tree, tree / pattern) == expected
    monkeypatch.chdir(tree)
    assert find(pattern).files == expected


def test_a_file_whose_name_looks_like_a_glob_is_that_file(tmp_path):
    for name in ("a[1].txt", "a1.txt"):
        (tmp_path / name).write_text(f"Știrea {name}")
    assert [article.title for article in read_articles(tmp_path / "a[1].txt")] == ["Știrea a[1].txt"]


def test_links_are_not_followed_out_of_the_tree_or_round_and_round(tmp_path, caplog):
    outside = tmp_path / "outside"
    inside = tmp_path / "inside"
    outside.mkdir()
    inside.mkdir()
    (outside / "secret.txt").write_text("Secret")
    (inside / "a.txt").write_text("Public")
    (inside / "loop").symlink_to(".")
    (inside / "loop2").symlink_to(inside)
    (inside / "out").symlink_to(outside)
    (inside / "s.txt").symlink_to(outside / "secret.txt")
    (inside / "dangling.txt").symlink_to("nowhere")
    for path in (inside, inside / "*", inside / "**/*", inside / "**/*.txt", inside / "**/**/**"):
        caplog.clear()
        assert [article.title for article in read_articles(path)] == ["Public"]
        assert "symbolic links not followed" in caplog.text


def test_a_link_that_is_named_in_full_is_followed(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a.txt").write_text("Public")
    (tmp_path / "folder").symlink_to("real")
    (tmp_path / "b.txt").symlink_to("real/a.txt")
    for path in (tmp_path / "folder", tmp_path / "b.txt", tmp_path / "folder" / "*.txt"):
        assert [article.title for article in read_articles(path)] == ["Public"]


def test_a_link_that_loops_is_named(tmp_path):
    (tmp_path / "a.txt").symlink_to("a.txt")
    with pytest.raises(ArticleError, match=r"a\.txt: cannot be read"):
        read_articles(tmp_path / "a.txt")


def test_pipes_are_refused_by_name_and_passed_over_in_a_directory(tmp_path):
    os.mkfifo(tmp_path / "p.txt")
    (tmp_path / "a.txt").write_text("Public")
    assert [article.title for article in read_articles(tmp_path)] == ["Public"]
    assert [article.title for article in read_articles(tmp_path / "*.txt")] == ["Public"]
    with pytest.raises(ArticleError, match=r"p\.txt: neither a file nor a directory but a pipe"):
        read_articles(tmp_path / "p.txt")


def test_devices_are_refused():
    with pytest.raises(ArticleError, match="/dev/null: neither a file nor a directory"):
        read_articles("/dev/null")


@pytest.mark.parametrize(
    "name", ["missing.txt", "missing", "missing/*.txt", "a.txt/*.txt", "*.csv", "a.txt/b", "a\0b", ""]
)
def test_paths_that_mean_nothing_fail_at_the_call(tmp_path, name):
    (tmp_path / "a.txt").write_text("x")
    path = f"{tmp_path}/{name}" if name else ""
    with pytest.raises(ArticleError) as caught:
        read_articles(path)
    assert str(caught.value).startswith(path + ": ")


def test_a_directory_without_a_readable_file_is_named_with_the_endings(tmp_path):
    (tmp_path / "a.pdf").touch()
    (tmp_path / "b.txt").symlink_to("nowhere")
    with pytest.raises(
        ArticleError, match=r"holds no file to read \(symbolic links are not followed: 1 passed by\)"
    ) as e:
        read_articles(tmp_path)
    assert "*.txt, .jsonl, .ndjson, .json, .csv, .tsv, each also with .gz or .zst behind it" in str(e.value)


@pytest.mark.parametrize("name", ["a.pdf", "a.gz", "a.tar.gz", "a", "a.txt.bz2", ".txt"])
def test_an_unknown_ending_is_named_with_the_known_ones(tmp_path, name):
    (tmp_path / name).write_text("x")
    with pytest.raises(ArticleError, match=r"the ending says nothing known; name the file \*\.txt, \.jsonl"):
        read_articles(tmp_path / name)


def test_a_file_name_that_is_not_utf8_can_be_read_and_printed(tmp_path):
    raw = os.path.join(os.fsencode(tmp_path), b"\xff.txt")
    try:
        with open(raw, "wb") as file:
            file.write(b" date ieri Ploi.\n")
    except OSError:
        pytest.skip("this file system takes no such name")
    with pytest.raises(ArticleError) as caught:
        list(read_articles(tmp_path))
    assert r"\xff.txt, line 1" in str(caught.value)
    assert str(caught.value).encode()


def test_what_may_not_be_read_is_named(tmp_path, monkeypatch):
    (tmp_path / "a.txt").write_text("Public")
    (tmp_path / "shut").mkdir()
    listdir = os.listdir

    def refusing(path):  # root may read everything, so permission bits would not do in every place tests run
        if os.fspath(path).endswith("shut"):
            raise PermissionError(13, "Permission denied", path)
        return listdir(path)

    monkeypatch.setattr(os, "listdir", refusing)
    with pytest.raises(ArticleError, match=r"shut: cannot be read \(Permission denied\)"):
        read_articles(tmp_path)
    reader = read_articles(tmp_path, on_error="skip")
    assert [article.title for article in reader] == ["Public"]
    assert reader.reasons == {"unreadable file": 1}
