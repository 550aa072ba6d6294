"""The command line: `newsindex add | search | timeline | info | check | rescue`; the last three are in `upkeep`.

A thin layer over `newsindex.open` and its kin, for terminals and shell scripts; programs in Python call the library.
Everything but Click is imported when a command needs it, so that `newsindex --help` is quick.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, nullcontext
from typing import TYPE_CHECKING, Any, Final, Literal

import click

from newsindex import upkeep
from newsindex.errors import ArticleError, IndexNotFoundError, NewsIndexError
from newsindex.terminal import (
    FOUND,
    Line,
    amount,
    bars,
    iso,
    megabytes,
    note,
    prepare_output,
    print_json,
    printable,
    printer,
)

if TYPE_CHECKING:
    from newsindex.results import Hit

FAILED: Final = 3
INTERRUPTED: Final = 128 + signal.SIGINT
PIPE_CLOSED: Final = 128 + 13  # what a shell reports of a process that SIGPIPE ended

# Words found stand between these in a snippet before it is printed. No article can contain a NUL.
_MARK: Final = "\0"


# Exit codes and errors.


class _Commands(click.Group):
    """Turns the errors of the library into one line and an exit code. Errors of ours keep their traceback."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)  # in the order in which one meets them

    def invoke(self, ctx: click.Context) -> Any:
        prepare_output()
        try:
            return super().invoke(ctx)
        except NewsIndexError as error:
            note(f"error: {_explained(error)}")
            ctx.exit(FAILED)
        except KeyboardInterrupt:
            note("interrupted")
            ctx.exit(INTERRUPTED)
        except BrokenPipeError:
            # The reader, such as head, has enough. Python would complain once more when it flushes at its end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(PIPE_CLOSED)


def _explained(error: NewsIndexError) -> str:
    if isinstance(error, IndexNotFoundError):
        return f"{error.path}: there is no index here; make one with: newsindex add {error.path} FILE..."
    return str(error)


def _print_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if not wanted or ctx.resilient_parsing:
        return
    from importlib.metadata import PackageNotFoundError, version

    try:
        click.echo(f"newsindex {version('newsindex')}")
    except PackageNotFoundError:
        click.echo("newsindex, not installed but run from its source")
    ctx.exit()


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_print_version, help="Show the version."
)
def main() -> None:
    """A searchable archive of Romanian news articles in one directory.

    \b
    Example:
      newsindex add archive articles/*.jsonl
      newsindex search archive '"calea ferata"' --since 2024-01-01

    \b
    Exit codes:
      0    done; also when a search finds nothing
      1    check found damage, or rescue could not save everything
      2    wrong usage
      3    an error, told in one line on standard error
      130  interrupted
      141  whoever read the output closed it
    """


# Options that several commands share.

_query = click.argument(
    "query",
    metavar="[QUERY]...",
    nargs=-1,
    callback=lambda _ctx, _param, words: " ".join(words) if words else "*",
)


def _pairs(_: click.Context, __: click.Parameter, values: Iterable[str]) -> dict[str, list[str]]:
    filters: dict[str, list[str]] = {}
    for value in values:
        field, equals, wanted = value.partition("=")
        if not (field.strip() and equals):
            raise click.BadParameter(f"{value!r} is not FIELD=VALUE, such as source=Agerpres")
        filters.setdefault(field.strip(), []).append(wanted)
    return filters


def _narrowing(command: Callable[..., None]) -> Callable[..., None]:
    """The options that say which articles a query is about."""
    for option in (
        click.option(
            "--filter",
            "filters",
            metavar="FIELD=VALUE",
            multiple=True,
            callback=_pairs,
            help="Only articles with this whole value, such as source=Agerpres; of one field given twice, either.",
        ),
        click.option(
            "--any",
            "match",
            is_flag=True,
            callback=lambda _ctx, _param, wanted: "any" if wanted else "all",
            help="Any of the words will do, instead of all.",
        ),
        click.option("--until", metavar="DATE", help="Only articles up to this date, itself included; see --since."),
        click.option(
            "--since",
            metavar="DATE",
            help="Only articles from this date on, such as 2025-08-15, 2025-08, ieri, 'acum 3 luni' or 'martie 2024'.",
        ),
    ):
        command = option(command)
    return command


# newsindex add


@main.command(short_help="Add articles from files.")
@upkeep.directory_argument
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path())
@click.option(
    "--on-error",
    type=click.Choice(["raise", "skip"]),
    default="raise",
    help="At a bad record, give up and leave the index as it was, or skip the record and say so at the end.",
)
@click.option(
    "--memory",
    metavar="MB",
    type=click.IntRange(1),
    default=256,
    help="How much to buffer before a part of the index is written to disk.",
)
@click.option(
    "--timeout",
    metavar="SECONDS",
    type=click.IntRange(0, 1_000_000),
    default=10,
    help="How long to wait for another writer.",
)
@click.option("--no-progress", is_flag=True, help="Show no progress bar; without a terminal there is none anyway.")
@upkeep.json_option
def add(
    directory: str,
    files: tuple[str, ...],
    on_error: Literal["raise", "skip"],
    memory: int,
    timeout: int,
    no_progress: bool,
    as_json: bool,
) -> None:
    """Add articles to the index in DIR, which is made if it is missing.

    Each FILE is a file, a directory or a quoted pattern. Files are .txt (" date YYYY-MM-DD " before the text), .jsonl,
    .json, .csv and .tsv, also with .gz or .zst. An article replaces the one with the same id. All of them go in by one
    commit: when the command fails, none has.

    \b
    Example:
      newsindex add archive seeds 'download/**/*.jsonl.gz'

    \b
    The JSON object has:
      added     articles added or replaced
      articles  articles in the index now
      skipped   records skipped
      reasons   how many of them for which reason
      errors    what was wrong with the first of them
      bytes     bytes read
      seconds   time taken
    """
    import newsindex
    from newsindex import progress
    from newsindex.inputs import Inputs

    start = time.monotonic()
    # First of all: a path with nothing to read shall leave no empty index behind.
    inputs = Inputs(files, on_error)
    index = newsindex.create(directory, exist_ok=True)
    added = 0
    with index.writer(timeout, memory << 20) as writer:
        with nullcontext(inputs) if no_progress else closing(progress.track(inputs)) as articles:
            for article in articles:
                try:
                    writer.add(article)
                    added += 1
                except ArticleError as error:
                    if on_error == "raise":
                        raise
                    inputs.refuse(error)
        with nullcontext() if no_progress else progress.saying("Writing the index …"):
            writer.commit()
    seconds = time.monotonic() - start
    inputs.report()
    if as_json:
        skipped = {"skipped": inputs.reasons.total(), "reasons": inputs.reasons, "errors": inputs.errors}
        took = {"bytes": inputs.bytes_read, "seconds": round(seconds, 3)}
        print_json({"added": added, "articles": len(index), **skipped, **took})
    else:
        done = f"{amount(added, 'article')} added or replaced ({megabytes(inputs.bytes_read)} in {seconds:,.1f} s)"
        click.echo(f"{done}; {amount(len(index), 'article')} in {printable(directory)}")


# newsindex search


@main.command(short_help="Find articles.")
@upkeep.directory_argument
@_query
@click.option("--limit", "-n", type=click.IntRange(0), default=10, metavar="N", help="How many hits to show.")
@click.option("--offset", type=click.IntRange(0), default=0, metavar="N", help="How many hits to pass over first.")
@_narrowing
@click.option(
    "--sort", type=click.Choice(["relevance", "newest", "oldest"]), default="relevance", help="The order of the hits."
)
@click.option("--recency", metavar="HALF-LIFE", help="Rank newer articles higher, with a half-life such as 30d.")
@click.option("--near", metavar="DATE", help="Rank articles near to this date higher; see --since.")
@click.option("--chars", type=click.IntRange(20, 10_000), default=200, metavar="N", help="Length of snippets.")
@upkeep.json_option
def search(directory: str, query: str, chars: int, as_json: bool, **options: Any) -> None:
    """Show the articles in DIR that match QUERY, the best first; without QUERY every article.

    Several QUERY arguments are joined by spaces. Diacritics may be left out, inflected forms are found. Phrases keep
    their double quotes only inside single ones. A query with a word that begins with a dash goes after --.

    \b
    Example:
      newsindex search archive '"trenul de noapte" titlu:viscol' --since 2023-01-01
      newsindex search archive --filter source='Ecoul Luncii' -n 3 -- tren -viscol

    \b
    The JSON object has:
      total  how many articles match in all
      hits   those shown, in order, each with
             id, title, date (ISO 8601 or null), source (or null), score,
             snippet (words found between ** and **)
    """
    import newsindex

    offset = options["offset"]
    results = newsindex.open(directory).search(query, **options)
    if as_json:
        print_json({"total": results.total, "hits": [_hit_record(hit, chars) for hit in results]})
        return
    write = printer()
    for number, hit in enumerate(results, offset + 1):
        title, *rest = _hit_lines(number, hit, chars)
        write(title, 0)
        for line in rest:
            write(line, 4)
    range_shown = f", {offset + 1:,} to {offset + len(results):,} shown" if 0 < len(results) < results.total else ""
    write([(f"{amount(results.total, 'hit')}{range_shown}", "dim")], 0)


def _hit_record(hit: Hit, chars: int) -> dict[str, object]:
    return {
        "id": hit.id,
        "title": hit.title,
        "date": iso(hit.date),
        "source": hit.source,
        "score": hit.score,
        "snippet": hit.snippet(chars),
    }


def _hit_lines(number: int, hit: Hit, chars: int) -> Iterator[Line]:
    title = printable(hit.title).strip() or "(no title)"
    yield [(f"{number:>2}. ", "cyan"), (title, "bold")]
    date = "no date" if hit.date is None else str(hit.date)[:16]  # of times the minutes are enough
    source = [(f"  {printable(hit.source)}", "magenta")] if hit.source else []
    yield [(date, "green"), *source, (f"  {hit.score:.2f}", "dim")]
    pieces = hit.snippet(chars, before=_MARK, after=_MARK).split(_MARK)
    snippet = [(printable(piece), FOUND if place % 2 else "") for place, piece in enumerate(pieces)]
    if any(text for text, _ in snippet):
        yield snippet


# newsindex timeline


@main.command(short_help="Count articles by day, week, month or year.")
@upkeep.directory_argument
@_query
@click.option(
    "--by",
    type=click.Choice(["day", "week", "month", "year"]),
    default="month",
    help="The calendar periods to count by.",
)
@_narrowing
@upkeep.json_option
def timeline(directory: str, query: str, by: str, as_json: bool, **options: Any) -> None:
    """Show how many articles in DIR match QUERY in each day, week, month or year; without QUERY, how many there are.

    Weeks begin on Monday, days are those of Bucharest. Articles without a date are not counted.

    \b
    Example:
      newsindex timeline archive ninsoare --by month --since 2024-01-01

    The JSON object has the count of each period by its first day, as YYYY-MM-DD, in order.
    """
    import newsindex

    counts = newsindex.open(directory).timeline(query, by=by, **options)
    if as_json:
        print_json({day.isoformat(): count for day, count in counts.items()})
        return
    shown = {"year": 4, "month": 7}.get(by, 10)  # as much of the first day as says which period it is
    write = printer()
    for line in bars({day.isoformat()[:shown]: count for day, count in counts.items()}):
        write(line, 0)
    write([(f"{amount(sum(counts.values()), 'article')} with a date", "dim")], 0)


# newsindex info, newsindex check, newsindex rescue

for command in (upkeep.info, upkeep.check, upkeep.rescue):
    main.add_command(command)
