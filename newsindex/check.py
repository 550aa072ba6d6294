"""Checking an index: every checksum, and every invariant that searches rely on.

Checksums find damage; invariants would find an error of ours. `check` goes on past what it finds, so the report names
each file and section at fault.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from newsindex.errors import CorruptIndexError, IndexVersionError
from newsindex.inverted._postings import PADDING, PostingList
from newsindex.inverted.entries import READING
from newsindex.inverted.fields import TEXT
from newsindex.inverted.impacts import Lengths, bounds_hold
from newsindex.inverted.merge import forms_of
from newsindex.inverted.segment import Segment
from newsindex.remains import DAMAGE, RemainingSegment, Remains
from newsindex.results import FileReport, Report
from newsindex.snapshot import OpenSegment
from newsindex.store import manifest as manifests
from newsindex.store.directory import Directory
from newsindex.store.manifest import Manifest, SegmentEntry


def check(directory: Directory) -> Report:
    """Read every byte of the generation committed last.

    Raises:
        IndexNotFoundError, StorageError: there is nothing that could be checked.
        IndexVersionError: the index, all of it, is written in another format.
    """
    while True:
        try:
            manifest = manifests.load(directory)
        except CorruptIndexError as error:
            return _check_files_alone(directory, error)
        report = _check_generation(directory, manifest)
        # A writer may have swept files of this generation once it published the next.
        if report.ok or manifests.load(directory) == manifest:
            return report


def _check_files_alone(directory: Directory, error: CorruptIndexError) -> Report:
    """Where the manifest says nothing: what could be rescued."""
    segments = Remains(directory).segments
    errors = (error, *(fault for segment in segments for fault in segment.errors))
    return Report(0, 0, manifests.size(directory), errors, tuple(segment.count() for segment in segments))


def _check_generation(directory: Directory, manifest: Manifest) -> Report:
    errors: list[CorruptIndexError | IndexVersionError] = []
    segments: list[OpenSegment] = []
    files: list[FileReport] = []
    for entry in manifest.segments:
        found = list(_check_files(directory, entry, segments))
        errors += found
        alive = entry.articles - entry.deleted
        whole = FileReport(directory.path / entry.name, alive, alive)
        files.append(RemainingSegment(directory, entry.name, entry).count() if found else whole)
    readable = any(file.readable for file in files)
    if errors and not readable and all(isinstance(error, IndexVersionError) for error in errors):
        raise errors[0]
    errors += _check_ids(segments)
    size = manifests.size(directory) + sum(segment.size for segment in segments)
    articles = sum(entry.articles - entry.deleted for entry in manifest.segments)
    return Report(articles, len(manifest.segments), size, tuple(errors), tuple(files))


def _check_files(
    directory: Directory, entry: SegmentEntry, opened: list[OpenSegment]
) -> Iterator[CorruptIndexError | IndexVersionError]:
    """The faults of one segment; where it can be opened at all it joins `opened`."""
    try:
        segment = OpenSegment(directory, entry)
    except DAMAGE as error:
        yield error
        return
    except FileNotFoundError as error:
        yield CorruptIndexError(directory.path / (error.filename or entry.name), reason="the file is missing")
        return
    opened.append(segment)
    if segment.sections.size != entry.size:
        yield CorruptIndexError(segment.path, reason="another size", expected=entry.size, found=segment.sections.size)
    damage = segment.sections.check() + (segment.tombstones.check() if segment.tombstones else [])
    yield from damage
    if not damage:
        # What fails its checksum would fail these too, and say less.
        for one in (_check_columns, _check_dictionaries, _check_postings, _check_articles):
            yield from _caught(one, segment)


def _caught(
    one: Callable[[OpenSegment], Iterator[CorruptIndexError]], segment: OpenSegment
) -> Iterator[CorruptIndexError]:
    try:
        yield from one(segment)
    except CorruptIndexError as error:
        yield error


def _fault(segment: OpenSegment, section: str, reason: str) -> CorruptIndexError:
    return CorruptIndexError(segment.path, section, reason=reason)


def _check_columns(opened: OpenSegment) -> Iterator[CorruptIndexError]:
    segment = opened.segment
    opened.dead.max(initial=0)
    for part, lengths in (("title", segment.title_words), ("body", segment.body_words)):
        if int(lengths.whole().sum(dtype=np.int64)) != segment.words[part]:
            yield _fault(opened, f"words.{part}", "lengths that do not add up to the announced total")
    dates = segment.dates.whole()
    if (dates[1:] < dates[:-1]).any():
        yield _fault(opened, "dates", "dates out of order")
    with segment.reading("titles"):
        _ = segment.titles.data
    with segment.reading("ids"):
        ids = list(segment.ids)
    if not np.array_equal(segment.find_many(ids), np.arange(len(ids))):
        yield _fault(opened, "ids.hashes", "an id that is not found where it is")
    for name, column in segment.values.items():
        with segment.reading(f"values of {name}"):
            values = column.whole()
            rows = [column.row(doc) for doc in range(segment.articles)]
        if any(0 in row for row in rows) or len(set(values)) != len(values):
            yield _fault(opened, f"values of {name}", "a value without a number, or listed twice")


def _check_dictionaries(opened: OpenSegment) -> Iterator[CorruptIndexError]:
    segment = opened.segment
    terms = forms = 0
    for name, field in segment.fields.items():
        if (field.first_term, field.first_form) != (terms, forms):
            yield _fault(opened, "description", f"field {name!r} does not follow the one before it")
        terms, forms = field.end_term, field.end_form
        for section, dictionary, low, high in (
            ("terms", segment.terms, field.first_term, field.end_term),
            ("forms", segment.forms, field.first_form, field.end_form),
        ):
            with segment.reading(section):
                unsorted = dictionary.unsorted(low, high)
                for number in range(low, high):
                    dictionary.entry(number).removeprefix(READING).decode()  # as some searches do
            if unsorted >= 0:
                yield _fault(opened, section, f"entries of field {name!r} out of order")
        forms_of(segment, field)  # which raises what a merge would
    if terms and segment.list_bounds(0, terms)[[0, -1]].tolist() != [0, len(segment.postings) - PADDING]:
        yield _fault(opened, "terms", "posting lists that do not fill their section")


def _check_postings(opened: OpenSegment) -> Iterator[CorruptIndexError]:
    segment = opened.segment
    owners, _ = segment.owners(0, len(segment.forms))
    form_counts = np.bincount(owners, minlength=len(segment.terms))
    words, others = np.zeros(segment.articles, np.int64), np.zeros(segment.articles, np.int64)
    lengths = Lengths(segment.title_words.whole(), segment.body_words.whole())
    for name, field in segment.fields.items():
        for term in range(field.first_term, field.end_term):
            postings = segment.posting_list(term)
            if postings.forms != form_counts[term]:
                yield _fault(opened, "postings", f"term {term} has other forms than the dictionary says")
            with segment.reading_postings():
                postings.check(words if name == TEXT else others)
                if name == TEXT and not _bounds_hold(segment, postings, lengths):
                    yield _fault(opened, "postings", f"term {term} is worth more in an article than its impact there")
        if name == TEXT:
            words -= _readings(segment)
    expected = lengths.title.astype(np.int64) + lengths.body
    if not np.array_equal(words, expected):
        yield _fault(opened, "postings", "articles with more or fewer words than their lengths say")


def _bounds_hold(segment: Segment, postings: PostingList, lengths: Lengths) -> bool:
    docs, _ = postings.docs()
    return bounds_hold(postings.impacts(), docs, postings.tally(docs, segment.title_words), lengths)


def _readings(segment: Segment) -> NDArray[np.int64]:
    """How many words of each article's text occur once more, as other words that they may be read as."""
    low, high = segment.readings(TEXT)
    terms, numbers = segment.owners(low, high)
    more = np.zeros(segment.articles, np.int64)
    for term in np.unique(terms).tolist():
        postings = segment.posting_list(term)
        with segment.reading_postings():
            docs, _ = postings.docs(0, segment.articles)
            starts, _, forms = postings.occurrences(docs)
        read = np.concatenate(([0], np.cumsum(np.isin(forms, numbers[terms == term]))))
        more[docs] += read[starts[1:]] - read[starts[:-1]]
    return more


def _check_articles(opened: OpenSegment) -> Iterator[CorruptIndexError]:
    docs = np.arange(opened.segment.articles, dtype=np.int32)
    for doc, known in zip(docs.tolist(), opened.articles.checksums_of(docs).tolist(), strict=True):
        try:
            opened.articles.verify(doc) if known else opened.articles.read(doc)
        except CorruptIndexError as error:
            yield error


def _check_ids(segments: list[OpenSegment]) -> Iterator[CorruptIndexError]:
    """Articles that live in two segments."""
    seen: dict[str, OpenSegment] = {}
    for opened in segments:
        try:
            alive = np.flatnonzero(opened.live.alive).tolist()
            ids = [opened.segment.id(doc) for doc in alive]
        except CorruptIndexError:
            continue  # reported already
        for article_id in ids:
            if seen.setdefault(article_id, opened) is not opened:
                yield _fault(opened, "ids", f"article {article_id!r} lives in {seen[article_id].entry.name} too")
