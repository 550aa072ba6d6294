"""The format of a segment, byte by byte: any change of it changes the listing in golden_segment.hex.

Where the change is meant, raise the format version of `newsindex.store.sections` and write the listing anew::

    python tests/inverted/test_inverted_golden.py
"""

import json
from pathlib import Path

from inverted_twins import STEMMER, MemorySections, write_inverted

from newsindex.article import Article
from newsindex.inverted.build import SegmentBuilder
from newsindex.inverted.entries import READING
from newsindex.store.directory import MemoryDirectory
from newsindex.store.section_reader import SectionReader
from newsindex.store.section_writer import SectionWriter

GOLDEN = Path(__file__).with_name("golden_segment.hex")
UID = "0123456789abcdef" * 2
ARTICLES = [
    Article(id="b", title="Ploi în Banat", body="Ploile au oprit ploaia, ploile.", date="2025-03-02", source="Meteo"),
    Article(id="a", title="Ţara", body="Ţară, țară! Tara.", date="2025-03-01T10:00:00+02:00", tags=("ţară", "sat")),
    Article(id="c", body="10.000 de sate", extra={"region": "Banat"}),
    # Without any diacritic: tari is read as țări too, and as what else the lexicon has.
    Article(id="d", title="Tari", body="Fata, tari", date="2025-03-03"),
]


def listing():
    """The sections, one byte after another: a comment for each section, then rows of 32 bytes."""
    builder = SegmentBuilder(STEMMER)
    for article in ARTICLES:
        builder.add(article)
    sections = MemorySections()
    inverted = write_inverted(builder, sections)
    assert inverted.order.tolist() == [2, 1, 0, 3]
    assert READING in sections.arrays["forms.blocks"].tobytes(), "some word is read as another"
    lines = ["# The sections of four articles, without the stored ones; see newsindex/inverted/segment.py."]
    lines += ["# description: " + json.dumps(inverted.description, sort_keys=True)]
    for name, array in sections.arrays.items():
        lines.append(f"# {name}: {len(array)} of {array.dtype.str[1:]}")
        data = array.astype(array.dtype.newbyteorder("<")).tobytes()
        lines += [data[at : at + 32].hex(" ") for at in range(0, len(data), 32)]
    return lines


def file_listing():
    """A file of two sections with a fixed uid: magic, sections, table, footer, trailer."""
    directory = MemoryDirectory()
    with directory.create("golden.seg") as file:
        writer = SectionWriter(file, "segment", UID)
        writer.add("postings", bytes(range(70)))
        writer.add("empty", b"")
        writer.finish({"articles": 0})
    assert SectionReader(directory, "golden.seg").check() == []
    data = bytes(directory.map("golden.seg"))
    return ["# a whole file of two sections", *(data[at : at + 32].hex(" ") for at in range(0, len(data), 32))]


def test_a_segment_is_written_as_ever():
    assert [*listing(), *file_listing()] == GOLDEN.read_text(encoding="utf-8").splitlines()


if __name__ == "__main__":
    GOLDEN.write_text("\n".join([*listing(), *file_listing()]) + "\n", encoding="utf-8")
