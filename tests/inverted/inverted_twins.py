"""The slow, obviously right versions of what `newsindex.inverted` does, and a segment's sections in memory."""

import ctypes
import datetime as dt
import itertools
import math
import mmap
import random
from pathlib import Path

import numpy as np

from newsindex.analysis import Stemmer
from newsindex.article import Article
from newsindex.inverted._columns import Numbers
from newsindex.inverted.build import SegmentBuilder
from newsindex.inverted.entries import READING
from newsindex.inverted.impacts import Lengths
from newsindex.inverted.merge import Merger
from newsindex.inverted.segment import LiveSegment, Segment
from newsindex.store.sections import PAGE

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
        return self.arrays[name], bytearray(-(-self.arrays[name].nbytes // PAGE))

    def verify(self, name, start, stop):
        assert 0 <= start <= stop <= self.arrays[name].nbytes

    def release(self):
        pass

    def __contains__(self, name):
        return name in self.arrays


def numbers(array):
    """A column of whole numbers."""
    sections = MemorySections()
    sections.add("numbers", array)
    return Numbers(sections, "numbers")


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
    return Segment(sections, write_inverted(builder, sections).description, Path("memory"))


def write_inverted(builder, sink):
    """Write all that a segment has of the articles of a builder, besides the stored ones."""
    inverted = builder.invert()
    inverted.write_documents(sink)
    inverted.write_words(sink)
    return inverted


def write_merged(sources, sink):
    """Write all that a segment merged of these has, besides the stored articles; returns its description."""
    merger = Merger(sources)
    merger.write_documents(sink)
    merger.write_words(sink, MemorySpool())
    return merger.description


def merge(pieces):
    """A segment merged of (segment, docids that are dead)."""
    sections = MemorySections()
    description = write_merged([living(segment, dead) for segment, dead in pieces], sections)
    return Segment(sections, description, Path("merged"))


def living(segment, dead=()):
    return LiveSegment(segment, np.array(sorted(dead), np.uint32))


def form_name(entry):
    """A form, or (form, the other term that it is read as), by its entry in a dictionary of forms."""
    if entry.startswith(READING):
        form, other = entry.removeprefix(READING).decode().split("\0")
        return form, other
    return entry.decode().rpartition("\0")[2]


def content(segment):
    """All that a segment says, by names and not by numbers, so that two that were made differently are equal."""
    found = {
        "articles": [
            (segment.id(doc), segment.title(doc), segment.date(doc), segment.title_words[doc], segment.body_words[doc])
            for doc in range(segment.articles)
        ],
        "words": segment.words,
        "dates": segment.dates.whole().tolist(),
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
        forms[segment.forms.payload(number)] = form_name(segment.forms.entry(number))
    found = {}
    for term in range(bounds.first_term, bounds.end_term):
        postings = segment.posting_list(term)
        docs, counts = postings.docs()
        starts, positions, numbers = postings.occurrences(docs)
        assert np.diff(starts).tolist() == counts.tolist()
        assert len(docs) == postings.df
        found[segment.terms.entry(term).decode()] = {
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


# ------------------------------------------------------------------------------------------------- dictionaries

PER_BLOCK = 32
LETTERS = {"a": "aăâ", "i": "iî", "s": "sș", "t": "tț"}


def code_of(text, other):
    """The digits by which `other` follows from `text`, as one number; 0 where it does not, or is not told so."""
    letters = [LETTERS.get(letter, letter) for letter in text]
    if len(text) != len(other) or any(new not in known for new, known in zip(other, letters, strict=True)):
        return 0
    code, radix = 0, 1
    for new, known in zip(other, letters, strict=True):
        if known.index(new) and radix > 2**50:
            return 0
        code += known.index(new) * radix
        radix *= len(known) if radix <= 2**50 else 1
    return code


def decoded_tail(text, code):
    """What `code_of` had of the bytes of a text."""
    other = b""
    for byte in text:
        letters = LETTERS.get(chr(byte)) if byte < 128 else None
        code, digit = divmod(code, len(letters or "x"))
        other += letters[digit].encode() if digit else bytes([byte])
    if code:
        raise ValueError("digits that are left")
    return other


def encode_dictionary(entries, payloads, of_forms):
    """(blocks, offsets) of entries in order, with a pair of numbers each."""
    blocks, offsets, before, term = bytearray(), [], b"", 0
    for at, (entry, (first, second)) in enumerate(zip(entries, payloads, strict=True)):
        if at % PER_BLOCK == 0:
            offsets.append(len(blocks))
            before, term = b"", 0
            blocks += b"" if of_forms else varint(first)
        text, nul, other = entry.partition(b"\0") if of_forms else (entry, b"", b"")
        shared = next((k for k in range(len(text)) if text[k : k + 1] != before[k : k + 1]), len(text))
        own = len(text) - shared
        blocks.append(min(shared, 15) * 16 + min(own, 15))
        blocks += (varint(shared - 15) if shared >= 15 else b"") + (varint(own - 15) if own >= 15 else b"")
        blocks += text[shared:]
        before = text
        if not of_forms:
            blocks += varint(second - first)
            continue
        code = 0
        if nul and text[:1] != b"\xff":
            code = code_of(text.decode(), other.decode())
        blocks += varint(2 * (first - term) if first >= term else 2 * (term - first) - 1)
        blocks += varint(3 * second + (0 if not nul else 1 if code else 2))
        blocks += varint(code) if code else varint(len(other)) + other if nul else b""
        term = first
    return bytes(blocks), [*offsets, len(blocks)]


class Bytes:
    """Bytes that are read from the front, not beyond their end."""

    def __init__(self, data):
        self.data = data

    def take(self, count):
        if count > min(len(self.data), 2048):
            raise ValueError("too few bytes")
        taken, self.data = self.data[:count], self.data[count:]
        return taken

    def varint(self):
        number = 0
        for k in range(8):
            byte = self.take(1)[0]
            number |= (byte & 127) << (7 * k)
            if byte < 128:
                return number
        raise ValueError("a long number")


def decode_dictionary(blocks, offsets, count, limit, of_forms):
    """[(entry, first, second)] of all entries, or a ValueError."""
    found = []
    if count < 0:
        raise ValueError("count")
    for begin, end in itertools.pairwise(offsets):
        if not begin <= end <= len(blocks):
            raise ValueError("offsets")
        data, text, first, second = Bytes(blocks[begin:end]), b"", 0, 0
        second = 0 if of_forms else data.varint()
        for _ in range(min(PER_BLOCK, count - len(found))):
            head = data.take(1)[0]
            shared = head // 16 + (data.varint() if head // 16 == 15 else 0)
            own = head % 16 + (data.varint() if head % 16 == 15 else 0)
            if shared > len(text) or shared + own > 2048:
                raise ValueError("lengths")
            text = text[:shared] + data.take(own)
            entry, number = text, data.varint()
            if of_forms:
                first += -(number + 1) // 2 if number % 2 else number // 2
                second, tail = divmod(data.varint(), 3)
                if tail:
                    more = data.varint()
                    entry += b"\0" + (decoded_tail(text, more) if tail == 1 else data.take(more))
                if not (0 <= first < limit and second < count):
                    raise ValueError("numbers")
            else:
                first, second = second, second + number
                if second > limit:
                    raise ValueError("bounds")
            found.append((entry, first, second))
        if data.data:
            raise ValueError("more bytes than entries")
    return found


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
