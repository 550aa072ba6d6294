"""Snippets: the part of an article that shows best why it was found, with the words found marked.

Which words those are is not decided anew: the posting lists say where the words of the plan stand in the article, with
its readings, exact forms and derived words; patterns are matched in the text by the kernels that match them in the
dictionary of forms. What is marked is therefore what was matched; of a phrase only where the whole phrase stands.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import Final

import attrs
import numpy as np
from numpy.typing import NDArray

from newsindex.errors import CorruptIndexError
from newsindex.forks import cached_property
from newsindex.inverted import _patterns
from newsindex.inverted._invert import GAP
from newsindex.inverted._words import Meant
from newsindex.inverted.fields import BODY, TEXT, TITLE
from newsindex.inverted.segment import Segment
from newsindex.query.nodes import Fuzzy, Pattern, Phrase, Plan, Prefix, Wildcard, Word, leaves
from newsindex.searcher._snippets import densest, folded_forms, line
from newsindex.searcher.terms import patterns_of, resolve

_LONGEST: Final = 200_000  # characters of a body that are looked at, so that a snippet's cost is bounded

_LETTERS: Final = (Prefix, Wildcard, Fuzzy)

Span = tuple[int, int]
_Sought = Meant | Prefix | Wildcard | Fuzzy  # a word: its terms, or what its letters are like
_Asked = tuple[Word | Phrase, list[_Sought]]


class Highlighter:
    """Makes the snippets of one search.

    Args:
        plan: what was searched for.
    """

    __slots__ = ("_known", "_plan")

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._known: dict[Segment, list[_Asked]] = {}

    def _asked(self, segment: Segment) -> list[_Asked]:
        """What is searched for, as far as it is the same for all articles of a segment."""
        asked = self._known.get(segment)
        if asked is None:
            asked = self._known[segment] = [
                (leaf, [_resolved(segment, leaf.field, pattern) for pattern in patterns_of(leaf)])
                for leaf in leaves(self._plan)
                if leaf.field in (TEXT, BODY, TITLE)
            ]
        return asked

    def snippet(self, segment: Segment, doc: int, body: str, *, chars: int, before: str, after: str) -> str:
        """About `chars` characters of an article's body around the words found, or of the title if only that has any.

        Where neither has any (in a search for a date, say) it is the beginning of the body.

        Args:
            segment: what the plan was run on.
            doc: the article's docid there.
            body: the article's body.
            chars: white space that is left out included, `before` and `after` not; a longer word is shown nevertheless.
            before, after: what each word found is put between.

        Raises:
            CorruptIndexError: the segment is damaged, or has other words than the article.
        """
        text = body[:_LONGEST]
        title_words = segment.title_words[doc]
        asked = self._asked(segment)
        part = _Part(segment, doc, BODY, text, title_words + GAP, segment.body_words[doc])
        start, end, spans = part.best(asked, chars)
        if not spans:
            title = segment.title(doc)
            start, end, spans = _Part(segment, doc, TITLE, title, 0, title_words).best(asked, chars)
            text = title if spans or not text else text
        return line(text, start, end, chars, spans, before, after)


def _resolved(segment: Segment, field: str, pattern: Pattern) -> _Sought:
    # As a pattern of letters may mean thousands of terms, it is the words of the text that are looked at.
    return pattern if isinstance(pattern, _LETTERS) else resolve(segment, field, pattern)


@attrs.define(eq=False)
class _Part:
    """The title or the body of an article.

    Attributes:
        field: TITLE or BODY.
        text: as given, or so much of it as is looked at.
        base: the position of its first word in the field TEXT.
        words: how many it has.
    """

    segment: Segment
    doc: int
    field: str
    text: str
    base: int
    words: int

    def best(self, asked: Sequence[_Asked], chars: int) -> tuple[int, int, list[Span]]:
        """From where to where a snippet should show the text, and the words found there and around, ascending."""
        rows: list[list[int]] = []
        with self.segment.reading_postings():
            for leaf, words in asked:
                if leaf.field in (TEXT, self.field):
                    found = [self._positions(leaf.field, word) for word in words]
                    rows += found if isinstance(leaf, Word) else _phrases(found, leaf.slop)
        if not any(rows):
            return 0, 0, []
        # A third is kept for what stands around.
        start, end, spans, missing = densest(self.text, rows, chars * 2 // 3, chars)
        if missing and len(self.text) < _LONGEST:
            reason = f"there are words of article {self.doc} that its {self.field} does not have"
            raise CorruptIndexError(self.segment.path, "postings", reason=reason)
        return start, end, spans

    def _positions(self, field: str, word: _Sought) -> list[int]:
        """The positions in this part, ascending, of the words that are sought."""
        if isinstance(word, _LETTERS):
            return self._matching(word)
        base = 0 if field == TITLE else self.base
        found = [
            postings.places(self.doc, marks, rest, base, self.words)
            for postings, marks, rest in zip(word.lists, word.marks, word.rests, strict=True)
        ]
        return found[0] if len(found) == 1 else sorted({position for some in found for position in some})

    def _matching(self, pattern: Prefix | Wildcard | Fuzzy) -> list[int]:
        data, starts = self._forms
        if isinstance(pattern, Fuzzy):
            near = _patterns.fuzzy_strings(data, starts, _points(pattern.form), pattern.distance)
            prefix, letters = pattern.form[: pattern.prefix].encode(), data.tobytes()
            return [at for at in near.tolist() if letters.startswith(prefix, int(starts[at]), int(starts[at + 1]))]
        glob = pattern.pattern if isinstance(pattern, Wildcard) else pattern.prefix + "*"
        places: list[int] = _patterns.wildcard_strings(data, starts, _points(glob)).tolist()
        return places

    @cached_property
    def _forms(self) -> tuple[NDArray[np.uint8], NDArray[np.uint64]]:
        return folded_forms(self.text)


def _points(text: str) -> NDArray[np.uint32]:
    return np.fromiter(map(ord, text), np.uint32, len(text))


def _phrases(rows: Sequence[Sequence[int]], slop: int) -> list[list[int]]:
    """Of the positions of a phrase's words those where it stands whole; see `phrases` in the kernels."""
    return [sorted(set(row)) for row in zip(*_runs(rows, slop), strict=True)]


def _runs(rows: Sequence[Sequence[int]], slop: int) -> Iterator[list[int]]:
    for first in rows[0]:
        run = [first]
        for row in rows[1:]:
            following = bisect_right(row, run[-1])
            if following == len(row):
                return
            run.append(row[following])
        if run[-1] - first - (len(run) - 1) <= slop:
            yield run
