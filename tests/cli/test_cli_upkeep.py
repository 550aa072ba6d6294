"""`newsindex info`, `newsindex check`, `newsindex rescue`, the help, exit codes and one-line errors."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from cli_support import ARTICLES, Run
from reliability_support import to_format

import newsindex
from newsindex import Index
from newsindex.cli import main
from newsindex.store import manifest as manifests
from newsindex.store.directory import DiskDirectory
from newsindex.store.section_reader import SectionReader
from newsindex.store.sections import FORMAT

README = Path(__file__).parents[2] / "README.md"


def test_info(run: Run, archive: Path) -> None:
    with newsindex.open(archive).writer() as writer:
        writer.delete("1")
    facts = dict(line.split(maxsplit=1) for line in run("info", archive).stdout.splitlines())
    assert facts["articles"] == "3"
    assert facts["dates"] == "2025-01-12 to 2025-03-02"
    assert facts["undated"] == "1"
    assert facts["deleted"] == "1 still taking space"
    assert facts["fields"] == "regiune"
    answer = json.loads(run("info", archive, "--json").stdout)
    stats = newsindex.open(archive).stats()
    assert answer["bytes"] == stats.bytes
    assert answer["generation"] == 2
    assert (answer["first"], answer["last"], answer["fields"]) == ("2025-01-12", "2025-03-02", ["regiune"])
    assert set(answer) == {field.name for field in stats.__attrs_attrs__}


def test_info_of_nothing(run: Run, tmp_path: Path) -> None:
    newsindex.create(tmp_path)
    assert "dates     none\n" in run("info", tmp_path).stdout
    answer = json.loads(run("info", tmp_path, "--json").stdout)
    assert (answer["articles"], answer["first"], answer["last"]) == (0, None, None)


def test_check_of_a_sound_index(run: Run, archive: Path) -> None:
    result = run("check", archive)
    assert result.exit_code == 0
    assert result.stdout.startswith("4 articles in 1 segment, ")
    assert result.stdout.endswith(": nothing is damaged\n")
    answer = json.loads(run("check", archive, "--json").stdout)
    assert answer.pop("bytes") > 0
    [file] = answer.pop("files")
    assert file == {"path": str(archive / "000001.seg"), "articles": 4, "readable": 4}
    assert answer == {"ok": True, "articles": 4, "segments": 1, "readable": 4, "errors": []}


def damage(path: Path, place: int) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)


def _flip_middle(archive: Path) -> Path:
    [segment] = archive.glob("*.seg")
    damage(segment, segment.stat().st_size // 2)
    return segment


def _flip_footer(archive: Path) -> Path:
    [segment] = archive.glob("*.seg")
    damage(segment, -1)
    return segment


def _remove_segment(archive: Path) -> Path:
    [segment] = archive.glob("*.seg")
    segment.unlink()
    return segment


def _break_manifest(archive: Path) -> Path:
    [manifest] = [path for path in archive.iterdir() if "manifest" in path.name.lower()]
    manifest.write_bytes(b"{")
    return manifest


@pytest.mark.parametrize(
    ("harm", "readable"), [(_flip_middle, 4), (_flip_footer, 4), (_remove_segment, 0), (_break_manifest, 4)]
)
def test_check_names_what_is_damaged_and_counts_what_can_be_read(
    run: Run, archive: Path, harm: Callable[[Path], Path], readable: int
) -> None:
    file = harm(archive)
    result = run("check", archive)
    assert result.exit_code == 1
    *damages, verdict, counted, remedy = result.stdout.splitlines()
    assert damages
    assert all(line.startswith(f"damaged: {file}") for line in damages)
    assert verdict.endswith(f"{len(damages)} fault{'s' if len(damages) > 1 else ''} found")
    assert counted == f"{archive / '000001.seg'}: {readable} of 4 articles can be read"
    assert remedy == f"{readable} articles can be read; copy them with: newsindex rescue {archive} NEWDIR"
    result = run("check", archive, "--json")
    answer = json.loads(result.stdout)
    assert (result.exit_code, answer["ok"], answer["readable"]) == (1, False, readable)
    assert [error["path"] for error in answer["errors"]] == [str(file)] * len(damages)
    assert all(set(error) == {"path", "section", "message"} for error in answer["errors"])


def test_check_of_files_of_another_format(run: Run, archive: Path) -> None:
    first, second = archive / "000001.seg", archive / "000002.seg"
    newsindex.open(archive).add([newsindex.Article(title="Ploi")])
    to_format(second, FORMAT + 1)
    result = run("check", archive)
    damaged, _, *files, remedy = result.stdout.splitlines()
    assert result.exit_code == 1
    assert damaged.startswith(
        f"damaged: {second}: written in format {FORMAT + 1}, this newsindex reads format {FORMAT}; "
    )
    assert files == [f"{first}: 4 of 4 articles can be read", f"{second}: 0 of 1 articles can be read"]
    assert remedy.startswith("4 articles can be read; copy them with: ")
    [error] = json.loads(run("check", archive, "--json").stdout)["errors"]
    assert error == {"path": str(second), "section": None, "message": damaged.removeprefix("damaged: ")}
    to_format(first, FORMAT + 1)
    for command in (("check", archive), ("rescue", archive, archive / "saved")):
        result = run(*command)
        assert (result.exit_code, result.stdout) == (3, "")
        assert result.stderr.startswith(f"error: {first}: written in format {FORMAT + 1}")


def test_check_of_an_index_of_another_stemmer(run: Run, archive: Path) -> None:
    """What checks it should know that nothing can search it, though nothing is damaged."""
    path = archive / manifests.NAME
    content = json.loads(path.read_bytes())["manifest"]
    content["analyzer"]["version"] = "99.0"
    path.write_text(json.dumps({"checksum": manifests._checksum(content), "manifest": content}))
    result = run("check", archive)
    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr.startswith(f"error: {archive}: its words were stemmed by ")


# Rescue.


def test_rescue_of_everything(run: Run, archive: Path, tmp_path: Path) -> None:
    _flip_footer(archive)
    saved = tmp_path / "saved"
    result = run("rescue", archive, saved)
    assert (result.exit_code, result.stdout) == (0, f"4 articles copied to {saved}: nothing is lost\n")
    assert set(newsindex.open(saved)) == set(ARTICLES)
    result = run("rescue", archive, saved)
    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr == f"error: {saved}: it exists already; name a directory that is yet to be made\n"


def test_rescue_tells_what_is_lost(run: Run, archive: Path, tmp_path: Path) -> None:
    segment = archive / "000001.seg"
    frames = SectionReader(DiskDirectory(archive), segment.name)._sections["articles.frames"]
    for place in range(frames.offset, frames.offset + frames.length):
        damage(segment, place)
    result = run("rescue", archive, tmp_path / "saved")
    assert result.exit_code == 1
    counted, *lost, verdict = result.stdout.splitlines()
    assert counted == f"{segment}: 0 of 4 articles can be read"
    assert sorted(lost) == [f"lost: {one.id}" for one in ARTICLES]
    assert verdict == f"0 articles copied to {tmp_path / 'saved'}: not all could be saved"
    answer = json.loads(run("rescue", archive, tmp_path / "again", "--json").stdout)
    assert sorted(answer.pop("lost")) == [one.id for one in ARTICLES]
    files = [{"path": str(segment), "articles": 4, "readable": 0}]
    assert answer == {"ok": False, "articles": 0, "files": files, "doubtful": [], "errors": []}


def test_rescue_without_tombstones(run: Run, archive: Path, tmp_path: Path) -> None:
    with newsindex.open(archive).writer() as writer:
        writer.delete("1")
    [tombstones] = archive.glob("*.del")
    tombstones.unlink()
    result = run("rescue", archive, tmp_path / "saved")
    assert result.exit_code == 1
    missing, counted, doubtful, verdict = result.stdout.splitlines()
    assert missing.startswith(f"damaged: {tombstones}: the file is missing")
    assert counted == f"{archive / '000001.seg'}: 4 of 3 articles can be read"
    assert doubtful == f"{archive / '000001.seg'}: articles that were deleted or replaced may be back"
    assert verdict.startswith("4 articles copied")
    assert set(newsindex.open(tmp_path / "saved")) == set(ARTICLES)


def test_rescue_where_there_is_nothing(run: Run, tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "missing"):
        result = run("rescue", place, tmp_path / "saved")
        assert (result.exit_code, result.stdout) == (3, "")
        assert "there is no index here" in result.stderr
    assert list(tmp_path.iterdir()) == []


# Errors.


@pytest.mark.parametrize("command", ["search", "timeline", "info", "check"])
def test_where_there_is_no_index(run: Run, tmp_path: Path, command: str) -> None:
    for place in (tmp_path, tmp_path / "missing"):
        result = run(command, place)
        assert (result.exit_code, result.stdout) == (3, "")
        assert (
            result.stderr == f"error: {place}: there is no index here; make one with: newsindex add {place} FILE...\n"
        )
    assert not (tmp_path / "missing").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ["(viscol"],
        [""],
        [" "],
        ["nocamp:viscol\x1b[2J\n"],
        ["--since", "ieri-alaltăieri-cândva"],
        ["--filter", "nocamp=1"],
        ["--recency", "mult"],
        ["a" * 100_000],
        ["(" * 10_000],
    ],
)
def test_what_cannot_be_understood_is_one_line(run: Run, archive: Path, arguments: list[str]) -> None:
    result = run("search", archive, *arguments)
    assert (result.exit_code, result.stdout) == (3, "")
    assert re.fullmatch("error: [^\x00-\x1f]+\n", result.stderr)


@pytest.mark.parametrize(
    "arguments",
    [
        ["search"],
        ["add", "DIR"],
        ["serch", "DIR"],
        ["search", "DIR", "--limit", "-1"],
        ["search", "DIR", "--chars", "5"],
        ["search", "DIR", "--sort", "best"],
        ["search", "DIR", "--filter", "Agerpres"],
        ["search", "DIR", "--filter", "=Agerpres"],
        ["search", "DIR", "-minus"],
        ["timeline", "DIR", "--by", "decade"],
        ["add", "DIR", "FILE", "--memory", "0"],
        ["add", "DIR", "FILE", "--timeout", "nan"],
    ],
)
def test_wrong_usage(run: Run, arguments: list[str]) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert "Usage: " in result.stderr


def test_an_interrupt(run: Run, archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Index, "search", interrupted)
    result = run("search", archive, "viscol")
    assert (result.exit_code, result.stdout, result.stderr) == (130, "", "interrupted\n")


def test_errors_of_ours_keep_their_traceback(run: Run, archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(Index, "stats", broken)
    with pytest.raises(ZeroDivisionError, match="a bug"):
        run("info", archive)


# Help.


@pytest.mark.parametrize("command", sorted(main.commands))
def test_every_command_has_an_example_and_is_in_the_readme(run: Run, command: str) -> None:
    text = run(command, "--help").stdout
    assert f"  Example:\n    newsindex {command} archive" in text
    assert "--json" in text
    assert "The JSON object has" in text
    assert f"newsindex {command} " in README.read_text(encoding="utf-8")


def test_help_lists_the_commands_and_exit_codes(run: Run) -> None:
    text = run("-h").stdout
    listed = re.findall(r"^  (\w+)  ", text.partition("Commands:")[2], re.MULTILINE)
    assert listed == list(main.commands) == ["add", "search", "timeline", "info", "check", "rescue"]
    assert re.findall(r"^    (\d+)  ", text, re.MULTILINE) == ["0", "1", "2", "3", "130", "141"]
    assert text.isascii()  # for terminals of any encoding


def test_version(run: Run) -> None:
    result = run("--version")
    assert result.exit_code == 0
    assert re.match(r"newsindex( \d+\.\d+|, not installed)", result.stdout)
