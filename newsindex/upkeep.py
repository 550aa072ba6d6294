"""The commands that look after an index: `newsindex info | check | rescue`, and the options that all commands share.

`newsindex.cli` puts them beside its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

import click

from newsindex.errors import CorruptIndexError, IndexVersionError
from newsindex.terminal import Line, amount, iso, megabytes, print_json, printable, printer

if TYPE_CHECKING:
    from newsindex.results import FileReport, Report

DAMAGED: Final = 1

_DAMAGE: Final = "red"
_SHOWN: Final = 20  # ids of lost articles

directory_argument = click.argument("directory", metavar="DIR", type=click.Path())
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object, for scripts.")


@click.command(short_help="Show what is in an index.")
@directory_argument
@json_option
def info(directory: str, as_json: bool) -> None:
    """Show what is in the index in DIR: articles, dates, fields, size.

    \b
    Example:
      newsindex info archive --json

    \b
    The JSON object has:
      articles, deleted, undated   numbers of articles
      first, last                  oldest and newest day (YYYY-MM-DD or null)
      segments, bytes, generation  files of articles, size on disk, commits
      terms, words                 distinct ones, and all of them
      fields                       names of further fields
      analyzer                     what made the terms
    """
    import attrs

    import newsindex

    stats = newsindex.open(directory).stats()
    if as_json:
        print_json({**attrs.asdict(stats), "first": iso(stats.first), "last": iso(stats.last)})
        return
    write = printer()
    for name, value in (
        ("articles", f"{stats.articles:,}"),
        ("dates", f"{stats.first} to {stats.last}" if stats.first else "none"),
        ("undated", f"{stats.undated:,}"),
        ("deleted", f"{stats.deleted:,} still taking space"),
        ("size", f"{megabytes(stats.bytes)} in {amount(stats.segments, 'segment')}, generation {stats.generation}"),
        ("words", f"{stats.words:,}, {stats.terms:,} distinct terms"),
        ("fields", printable(", ".join(stats.fields)) or "none beyond the usual"),
        ("analyzer", printable(stats.analyzer)),
    ):
        write([(f"{name:<9} ", "cyan"), (value, "")], 0)


@click.command(short_help="Look for damage.")
@directory_argument
@json_option
@click.pass_context
def check(ctx: click.Context, directory: str, as_json: bool) -> None:
    """Read the whole index in DIR, verify every checksum and invariant, and say what is damaged.

    Nothing is changed. Where anything is damaged, it tells how many articles can be read, and the exit code is 1.

    \b
    Example:
      newsindex check archive || mail -s 'the archive is damaged' newsroom

    \b
    The JSON object has:
      ok                         true where nothing is damaged
      articles, segments, bytes  how much there is
      readable                   how many articles can be read
      errors                     each with path, section (or null) and message
      files                      each with path, articles (or null) and readable
    """
    report = _verified(directory)
    if as_json:
        errors = [{"path": str(error.path), "section": error.section, "message": str(error)} for error in report.errors]
        size = {"articles": report.articles, "segments": report.segments, "bytes": report.bytes}
        readable = {"readable": report.readable, "errors": errors, "files": _records(report.files)}
        print_json({"ok": report.ok, **size, **readable})
    else:
        write = printer()
        _write_errors(write, report.errors)
        size_read = f"{amount(report.articles, 'article')} in {amount(report.segments, 'segment')}"
        verdict = "nothing is damaged" if report.ok else f"{amount(len(report.errors), 'fault')} found"
        style = "green" if report.ok else _DAMAGE
        write([(f"{size_read}, {megabytes(report.bytes)} read: {verdict}", style)], 0)
        if not report.ok:
            for file in report.files:
                write([(_readable(file), "")], 0)
            saved = f"{amount(report.readable, 'article')} can be read"
            write([(f"{saved}; copy them with: newsindex rescue {printable(directory)} NEWDIR", "")], 0)
    if not report.ok:
        ctx.exit(DAMAGED)


def _write_errors(write: Callable[[Line, int], None], errors: Iterable[Exception]) -> None:
    for error in errors:
        write([("damaged: ", _DAMAGE), (printable(str(error)), "")], 0)


def _readable(file: FileReport) -> str:
    of = "" if file.articles is None else f" of {file.articles:,}"
    return f"{printable(str(file.path))}: {file.readable:,}{of} articles can be read"


def _records(files: Iterable[FileReport]) -> list[dict[str, object]]:
    return [{"path": str(file.path), "articles": file.articles, "readable": file.readable} for file in files]


def _verified(directory: str) -> Report:
    import newsindex

    try:
        return newsindex.open(directory).check()
    except (CorruptIndexError, IndexVersionError) as error:
        # What is too damaged to be opened needs its check the most.
        from newsindex.check import check as check_directory
        from newsindex.store.directory import DiskDirectory
        from newsindex.store.manifest import is_index_file

        if isinstance(error, IndexVersionError) and not is_index_file(error.path.name):
            raise  # of the whole index, and not of a file beside others
        return check_directory(DiskDirectory(directory))


@click.command(short_help="Copy what is intact of a damaged index.")
@click.argument("source", metavar="DIR", type=click.Path())
@click.argument("target", metavar="NEWDIR", type=click.Path())
@json_option
@click.pass_context
def rescue(ctx: click.Context, source: str, target: str, as_json: bool) -> None:
    """Copy every article that is intact from the damaged index in DIR into a new one in NEWDIR.

    DIR is only read; its manifest may be damaged or missing too. NEWDIR must not exist, and does not where
    this fails. The exit code is 1 where anything is lost, or may be.

    \b
    Example:
      newsindex rescue archive rescued

    \b
    The JSON object has:
      ok        true where nothing is lost
      articles  how many are in the new index
      lost      ids of articles that could not be read
      files     each with path, articles (or null) and readable
      doubtful  paths of files of which deleted articles may be back
      errors    files that could not be read, each with path and message
    """
    import newsindex

    saved = newsindex.rescue(source, target)
    if as_json:
        errors = [{"path": str(error.path), "message": str(error)} for error in saved.errors]
        paths = [str(path) for path in saved.doubtful]
        counts = {"ok": saved.ok, "articles": saved.articles, "lost": saved.lost}
        print_json({**counts, "files": _records(saved.files), "doubtful": paths, "errors": errors})
    else:
        write = printer()
        _write_errors(write, saved.errors)
        for file in saved.files:
            if file.readable != file.articles:
                write([(_readable(file), "")], 0)
        for path in saved.doubtful:
            write([(f"{printable(str(path))}: articles that were deleted or replaced may be back", "")], 0)
        for article_id in saved.lost[:_SHOWN]:
            write([("lost: ", _DAMAGE), (printable(article_id), "")], 0)
        if len(saved.lost) > _SHOWN:
            write([(f"and {amount(len(saved.lost) - _SHOWN, 'article')} more; --json names them all", "")], 0)
        verdict = "nothing is lost" if saved.ok else "not all could be saved"
        style = "green" if saved.ok else _DAMAGE
        write([(f"{amount(saved.articles, 'article')} copied to {printable(target)}: {verdict}", style)], 0)
    if not saved.ok:
        ctx.exit(DAMAGED)
