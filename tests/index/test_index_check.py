"""`check` on columns whose checksums are right and which contradict themselves: searches do not look at all of them."""

import pytest

import newsindex as ni
from newsindex.store.directory import DiskDirectory
from newsindex.store.sections import SectionReader, SectionWriter

NAME = "000001.seg"


def rewritten(path, change):
    """Write the segment anew with other columns, as somebody would who knows the checksums."""
    directory = DiskDirectory(path)
    reader = SectionReader(directory, NAME)
    arrays = {name: reader.array(name).copy() for name in reader.names()}
    change(arrays)
    directory.remove(NAME)
    with directory.create(NAME) as file:
        writer = SectionWriter(file, reader.kind, reader.uid)
        for name, array in arrays.items():
            writer.add(name, array)
        writer.finish(reader.meta)


def reverse_dates(arrays):
    arrays["dates"][:] = arrays["dates"][::-1]


def cross_titles(arrays):
    arrays["titles.starts"][1:3] = arrays["titles.starts"][2:0:-1]


def no_value(arrays):
    arrays["values.0.numbers"][0] = 77


def another_number(arrays):
    blocks = arrays["forms.blocks"]
    blocks[bytes(blocks).index(b"ploi") + 5] += 3  # behind the form and its term: form 1 of a term that has one


@pytest.mark.parametrize(
    ("change", "section", "reason"),
    [
        (reverse_dates, "dates", "dates out of order"),
        (cross_titles, "titles", "strings that do not follow one another"),
        (no_value, "values of source", "numbers of values that are none of 1"),
        (another_number, "forms", "forms that are not numbered within their terms"),
        (lambda arrays: None, None, None),
    ],
)
def test_columns_that_contradict_themselves(tmp_path, change, section, reason):
    ix = ni.create(tmp_path / "archive")
    ix.add(ni.Article(id=str(day), title=f"Ploi {day}", date=f"2025-03-0{day}", source="Radio") for day in range(1, 6))
    rewritten(ix.path, change)
    report = ni.open(ix.path).check()
    if section is None:
        assert report.ok
        return
    assert (section, reason) in [(error.section, reason) for error in report.errors if reason in str(error)]
