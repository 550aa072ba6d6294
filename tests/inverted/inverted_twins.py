"""The slow, obviously right versions of what `newsindex.inverted` does, and a segment's sections in memory."""

import ctypes
import datetime as dt
import math
import mmap
import random
from pathlib import Path

import numpy as np

from newsindex.analysis import Stemmer
from newsindex.article import Article
from newsindex.inverted.build import SegmentBuilder
from newsindex.inverted.impacts import Lengths
from newsindex.inverted.merge import Merger
from newsindex.inverted.segment import LiveSegment, Segment
from newsindex.inverted.vocabulary import READING

BLOCK = 128
PADDING = bytes(8)
STEMMER = Stemmer()


# ------------------------------------------------------------------------------------------ sections in memory


class MemorySections:
    """A sink that is read as sections afterwards; it forgets nothing and verifies nothing."""

    def __init__(self):
        self.arrays = {}
        self._begun = None

    def add(self, name, array):
        assert name not in self.arrays
        self.arrays[name] = np.array(array)

    def open(self, name, dtype):
        assert self._begun is None
        self._begun = name, dtype, bytearray()

    def write(self, chunk):
        self._begun[2].extend(bytes(chunk))

    def close_section(self):
        name, dtype, data = self._begun
        self._begun = None
        self.add(name, np.frombuffer(bytes(data), dtype))

    def array(self, name):
        return self.arrays[name]

    def raw(self, name):
        return self.arrays[name].view(np.uint8)

    def unverified(self, name):
        return self.arrays[name], bytearray(-(-self.arrays[name].nbytes // 65536))

    def verify(self, name, start, stop):
        assert 0 <= start <= stop <= self.arrays[name].nbytes
        return stop

    def __contains__(self, name):
        return name in self.arrays


class Fence:
    """Memory that ends where nothing may be read: bytes put there are followed by a page that kills who touches it.

    Where the system has no mprotect there is no such page, and reads beyond the end stay unnoticed.
    """

    def __init__(self, pages=16):
        self._memory = mmap.mmap(-1, (pages + 1) * mmap.PAGESIZE)
        whole = np.frombuffer(self._memory, np.uint8)
        self._room = whole[: pages * mmap.PAGESIZE]
        if hasattr(ctypes.CDLL(None) if hasattr(mmap, "PROT_READ") else None, "mprotect"):
            guard = ctypes.c_void_p(whole.ctypes.data + pages * mmap.PAGESIZE)
            assert ctypes.CDLL(None).mprotect(guard, ctypes.c_size_t(mmap.PAGESIZE), 0) == 0

    def hold(self, data):
        """The bytes as an array that ends at the fence. What was held before is gone."""
        held = self._room[len(self._room) - len(data) :]
        held[:] = np.frombuffer(bytes(data), np.uint8)
        return held


class MemorySpool:
    def __init__(self):
        self.kept = []

    def write(self, chunk):
        self.kept.append(bytes(chunk))

    def chunks(self):
        return self.kept


def build(articles, removed=()):
    """A segment of articles, in memory; those numbered `removed` are taken back before it is written."""
    builder = SegmentBuilder(STEMMER)
    for article in articles:
        builder.add(article)
    for number in removed:
        builder.remove(number)
    sections = MemorySections()
    description, _ = builder.write(sections)
    return Segment(sections, description, Path("memory"))


def merge(pieces):
    """A segment merged of (segment, docids that are dead)."""
    sections = MemorySections()
    description = Merger([living(segment, dead) for segment, dead in pieces]).write(sections, MemorySpool())
    return Segment(sections, description, Path("merged"))


def living(segment, dead=()):
    alive = np.ones(segment.articles, bool)
    alive[list(dead)] = False
    return LiveSegment(segment, alive)


def form_name(entry):
    """A form, or (form, the other term that it is read as), by its entry in a dictionary of forms."""
    if entry.startswith(READING):
        form, other = entry.removeprefix(READING).decode().split("\0")
        return form, other
    return entry.decode().rpartition("\0")[2]


def bytes_of(strings, number):
    """A string as it is in a dictionary: an entry of a reading is no UTF-8."""
    return strings.data[int(strings.starts[number]) : int(strings.starts[number + 1])].tobytes()


def content(segment):
    """All that a segment says, by names and not by numbers, so that two that were made differently are equal."""
    found = {
        "articles": [
            (segment.id(doc), segment.title(doc), segment.date(doc), segment.title_words[doc], segment.body_words[doc])
            for doc in range(segment.articles)
        ],
        "words": segment.words,
        "dates": segment.dates.tolist(),
        "found": segment.find_many([segment.id(doc) for doc in range(segment.articles)]).tolist(),
    }
    for name, column in segment.values.items():
        rows = [[column.strings[number - 1] for number in column.row(doc)] for doc in range(segment.articles)]
        if any(rows):
            found["values", name] = rows
    for name in segment.fields:
        for term, occurrences in terms_of(segment, name).items():
            found[name, term] = occurrences
    return found


def terms_of(segment, field):
    """{term: {docid: [(position, form)]}} of a field; see `form_name` for readings."""
    bounds = segment.fields[field]
    forms = {}
    for number in range(bounds.first_form, bounds.end_form):
        form = form_name(bytes_of(segment.forms, number))
        forms[int(segment.form_terms[number]), int(segment.form_numbers[number])] = form
    found = {}
    for term in range(bounds.first_term, bounds.end_term):
        postings = segment.posting_list(term)
        docs, counts = postings.docs()
        starts, positions, numbers = postings.occurrences(docs)
        assert np.diff(starts).tolist() == counts.tolist()
        assert len(docs) == postings.df
        found[segment.terms[term]] = {
            doc: [(int(positions[i]), forms[term, int(numbers[i])]) for i in range(starts[k], starts[k + 1])]
            for k, doc in enumerate(docs.tolist())
        }
    return found


# ------------------------------------------------------------------------------------------------ posting lists


def varint(number):
    out = bytearray()
    while number >= 128:
        out.append(number % 128 + 128)
        number //= 128
    return bytes([*out, number])


def packed(values, width):
    number = 0
    for i, value in enumerate(values):
        number |= value << (i * width)
    return number.to_bytes((len(values) * width + 7) // 8, "little")


def width(values):
    return max(value.bit_length() for value in values)


def random_lengths(seed, articles):
    """Titles of up to nine words and bodies of up to 400, or no title at all, or no words at all."""
    rng = random.Random(seed)
    longest = rng.choice([(9, 400), (9, 400), (0, 30), (0, 0)])
    columns = [np.array([rng.randint(0, most) for _ in range(articles)], np.uint32) for most in longest]
    return Lengths(*columns)


def norm(words, doc, b):
    """By what a frequency is multiplied in an article that has so many words where others have so many on average."""
    mean = (int(words.sum()) / len(words)) or 1.0
    return float(np.float32(1 / (1 - b + b * int(words[doc]) / mean)))


def impact(pairs, doc, field, lengths):
    """What the occurrences [(position, form number)] are worth, in steps of 1/255, rounded up and a hair more.

    Norms and what is multiplied by them in a body are numbers of single precision.
    """
    count = len(pairs)
    titles = sum(position < lengths.title[doc] for position, _ in pairs)
    if field == "text":
        shares = float(np.float32(count - titles) * np.float32(norm(lengths.body, doc, 0.75)))
        shares += 4.0 * titles * norm(lengths.title, doc, 0.5)
    elif field == "title":
        shares = 4.0 * count * norm(lengths.title, doc, 0.5)
    else:
        shares = float(count)
    return min(math.ceil(255 * (1 + 1e-6) * shares / (0.9 + shares)), 255)


def encode_list(occurrences, forms, lengths, field, positions_before=0):
    """(bytes of the list, bytes of its positions) of {docid: [(position, form number)]}."""
    docs = sorted(occurrences)
    impacts = [impact(occurrences[doc], doc, field, lengths) for doc in docs]
    docs_blocks, occurrence_blocks, lasts, base = [], [], [], -1
    for at in range(0, len(docs), BLOCK):
        block = docs[at : at + BLOCK]
        deltas = [doc - before - 1 for before, doc in zip([base, *block], block, strict=False)]
        counts = [len(occurrences[doc]) - 1 for doc in block]
        row = bytes([width(deltas), width(counts)]), packed(deltas, width(deltas)), packed(counts, width(counts))
        docs_blocks.append(b"".join(row))
        steps, numbers = [], []
        for doc in block:
            before = None
            for position, number in occurrences[doc]:
                steps.append(position if before is None else position - before - 1)
                numbers.append(number)
                before = position
        wide = max(width(steps), 1)
        row = bytes([wide, width(numbers)]), packed(steps, wide), packed(numbers, width(numbers))
        occurrence_blocks.append(b"".join(row))
        base = block[-1]
        lasts.append(base)
    head = varint(len(docs)) + varint(forms)
    if len(docs) <= BLOCK:
        return head + bytes(impacts) + docs_blocks[0] + occurrence_blocks[0], b""
    table, docs_offset, occurrence_offset = b"", 0, 0
    for last, docs_block, occurrence_block in zip(lasts, docs_blocks, occurrence_blocks, strict=True):
        table += b"".join(number.to_bytes(4, "little") for number in (last, docs_offset, occurrence_offset))
        docs_offset += len(docs_block)
        occurrence_offset += len(occurrence_block)
    head += varint(positions_before) + varint(occurrence_offset)
    maxima = [max(impacts[at : at + BLOCK]) for at in range(0, len(docs), BLOCK)]
    body = table + docs_offset.to_bytes(4, "little") + bytes(maxima) + bytes(impacts) + b"".join(docs_blocks)
    return head + body, b"".join(occurrence_blocks)


def random_list(seed, size, articles, forms, longest, most):
    """{docid: [(position, form number)]} of `size` articles, positions below `longest`, up to `most` in an article."""
    rng = random.Random(seed)
    found = {}
    for doc in rng.sample(range(articles), size):
        count = rng.randint(1, most) if rng.random() < 0.5 else 1
        places = sorted({rng.randrange(longest) for _ in range(count)})
        found[doc] = [(place, rng.randrange(forms)) for place in places]
    return {doc: found[doc] for doc in sorted(found)}


def columns(occurrences):
    """(docids, positions, form numbers) of {docid: [(position, form number)]}, as the writer takes them."""
    rows = [(doc, *pair) for doc in sorted(occurrences) for pair in occurrences[doc]]
    return tuple(np.array(column, np.int32) for column in zip(*rows, strict=True))


# --------------------------------------------------------------------------------------------------- articles

_WORDS = (
    "guvern guvernul guvernului buget bugetul țară ţară tara țări țările preşedinte președintele presedintele "
    "ploaie ploi ploile și la de în s-a într-o nord-coreean Bucureşti Bucu\u00adrești S.U.A. 10.000 3,5 om oameni "
    "mașină maşini ni\u0326s\u0327te scoala școala"
)
VOCABULARY = _WORDS.split()
# Words of an article without diacritics: most may be several words, two are read as another in any article.
BARE = "tari tara fata peste mana scoala presedintele soldatilor putin guvern om si de G20".split()  # noqa: SIM905
DATES = [None, "2025-01-01", "2025-01-02", "2025-01-02T10:00:00+02:00", "2024-12-31", dt.date(1900, 1, 1)]


def random_article(rng, number):
    vocabulary = BARE if rng.random() < 0.3 else VOCABULARY + BARE[6:9]

    def words(most):
        return " ".join(rng.choices(vocabulary, k=rng.randint(0, most)))

    extra = {}
    if rng.random() < 0.3:
        extra["region"] = rng.choice(["Banat", "Țara Bârsei", ["Banat", "Cluj"], "Banat"])
    if rng.random() < 0.1:
        extra[f"key{rng.randint(0, 3)}"] = rng.choice([7, True, "x" * 101, None, {"deep": 1}])
    return Article(
        id=f"a{number}",
        title=words(5),
        body=words(25),
        date=rng.choice(DATES),
        source=rng.choice([None, "Radio Delta", "Ştiri", "Știri"]),
        tags=tuple(rng.choices(["meteo", "buget local", "sport"], k=rng.randint(0, 2))),
        extra=extra,
    )
