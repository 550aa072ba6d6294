"""Snippets: the part of an article that shows best why it was found, with the words found marked.

Fragments are cut, scored and formatted by `whoosh.highlight`; its tokens come from our tokenizer, so offsets are
those of the text as it was given, and a word is marked where the plan matches it: of a phrase only where the whole
phrase stands.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import attrs

from newsindex.analysis import Stemmer, fold, is_bare, tokenize
from newsindex.inverted.fields import BODY, TEXT, TITLE
from newsindex.query.nodes import Derived, Form, Fuzzy, Pattern, Phrase, Plan, Prefix, Stem, Word

_LONGEST: Final = 200_000  # characters of a body that are looked at, so that a snippet's cost is bounded

Token = tuple[str, int, int]


@attrs.frozen
class Highlighter:
    """Makes the snippets of one search.

    Attributes:
        plan: what was searched for.
        stemmer: what the index stems with.
    """

    plan: Plan
    stemmer: Stemmer

    def snippet(self, title: str, body: str, *, chars: int, before: str, after: str) -> str:
        """About `chars` characters of the body around the words found, or of the title where only that has them.

        Where neither has any (in a search for a date, say) it is the beginning of the body.
        """
        from newsindex.query.plan import leaves

        found = list(leaves(self.plan))
        bare = is_bare(title) and is_bare(body)
        for text, field in ((body[:_LONGEST], BODY), (title, TITLE)):
            wanted = [leaf for leaf in found if leaf.field in (TEXT, field)]
            tokens = tokenize(text) if wanted else []
            hits = matching_positions([form for form, _, _ in tokens], wanted, self.stemmer, bare)
            if hits:
                return _fragment(text, tokens, hits, chars, before, after)
        text = body[:_LONGEST] or title
        end = _word_end(text, 0, chars)
        return _dress(text, 0, end, text[:end])


def _fragment(text: str, tokens: Sequence[Token], hits: set[int], chars: int, before: str, after: str) -> str:
    from whoosh import analysis, highlight

    class Marker(highlight.Formatter):  # type: ignore[misc]  # Whoosh has no types
        def format_token(self, text: str, token: Any, replace: bool = False) -> str:
            return before + str(highlight.get_text(text, token, replace)) + after

    def stream() -> Iterator[Any]:
        token = analysis.Token()
        for position, (form, start, end) in enumerate(tokens):
            token.text, token.pos, token.startchar, token.endchar = form, position, start, end
            token.matched, token.boost = position in hits, 1.0
            yield token

    # Whoosh counts letters only; a fifth of a text lies between its words. It leaves out a word longer than a fragment.
    longest = max(tokens[position][2] - tokens[position][1] for position in hits)
    maxchars = max(chars * 4 // 5, longest)
    fragmenter = highlight.ContextFragmenter(maxchars=maxchars, surround=chars // 3, charlimit=None)
    scorer = highlight.BasicFragmentScorer()
    fragments = list(fragmenter.fragment_tokens(text, stream()))
    # The first of the best: Whoosh's own choice among equals depends on where they lie in memory.
    best = max(fragments, key=scorer)
    best.endchar = _word_end(text, best.startchar, min(best.endchar - best.startchar, chars))
    best.endchar = max(best.endchar, best.matches[0].endchar)
    best.matches = [match for match in best.matches if match.endchar <= best.endchar]
    return _dress(text, best.startchar, best.endchar, Marker().format([best]))


def _word_end(text: str, start: int, chars: int) -> int:
    """The end of the last whole word within `chars` characters from `start`."""
    end = min(start + chars, len(text))
    if end == len(text) or not (text[end].isalnum() and text[end - 1].isalnum()):
        return end
    cut = max(text.rfind(blank, start, end) for blank in " \n\t")
    return cut if cut > start else end


def _dress(text: str, start: int, end: int, marked: str) -> str:
    """One line, with an ellipsis wherever the text has more words."""
    line = re.sub(r"\s+", " ", marked).strip()
    before, after = any(map(str.isalnum, text[:start])), any(map(str.isalnum, text[end:]))
    return ("… " if before else "") + line + (" …" if after else "")


def matching_positions(forms: Sequence[str], leaves: Sequence[Word | Phrase], stemmer: Stemmer, bare: bool) -> set[int]:
    """The positions of the words in `forms`, in order, that make the leaves match; `bare`: no text has diacritics."""
    hits: set[int] = set()
    for leaf in leaves:
        if isinstance(leaf, Word):
            hits.update(_places(forms, leaf.pattern, stemmer, bare))
        else:
            hits.update(_phrase_places([_places(forms, one, stemmer, bare) for one in leaf.patterns], leaf.slop))
    return hits


def _places(forms: Sequence[str], pattern: Pattern, stemmer: Stemmer, bare: bool) -> list[int]:
    matches = matcher(pattern, stemmer, bare)
    known = {form: matches(form) for form in set(forms)}
    return [position for position, form in enumerate(forms) if known[form]]


def _phrase_places(places: Sequence[list[int]], slop: int) -> Iterator[int]:
    """The positions of a phrase's words wherever it stands whole; see count_phrases in the kernels."""
    for first in places[0]:
        run = [first]
        for candidates in places[1:]:
            following = bisect_right(candidates, run[-1])
            if following == len(candidates):
                return
            run.append(candidates[following])
        if run[-1] - first - (len(run) - 1) <= slop:
            yield from run


def matcher(pattern: Pattern, stemmer: Stemmer, bare: bool = False) -> Callable[[str], bool]:
    """Whether a word form matches a pattern, as the index decides it; `bare`: in a text without diacritics."""
    if isinstance(pattern, Stem):
        return lambda form: _is_form(form, pattern, stemmer, bare)
    if isinstance(pattern, Derived):
        return lambda form: any(
            stem not in pattern.stems and stemmer.derivation(stem) == pattern.root
            for stem in stemmer.readings(form, bare)
        )
    if isinstance(pattern, Form):
        return lambda form: form == pattern.form
    if isinstance(pattern, Prefix):
        return lambda form: fold(form).startswith(pattern.prefix)
    if isinstance(pattern, Fuzzy):
        return lambda form: _is_near(fold(form), pattern)
    return lambda form: _glob(fold(form), pattern.pattern)


def _is_form(form: str, pattern: Stem, stemmer: Stemmer, bare: bool) -> bool:
    if not pattern.form:
        return fold(form) == pattern.stem
    return not {pattern.stem, *pattern.others}.isdisjoint(stemmer.readings(form, bare))


def _glob(text: str, pattern: str) -> bool:
    """Match ? and * by sets of pattern places, so that no pattern takes more than length times length steps."""
    states = {0}
    for character in [*text, ""]:
        reached = set(states)
        for state in states:
            while state < len(pattern) and pattern[state] == "*":
                state += 1
                reached.add(state)
        if not character:
            return len(pattern) in reached
        states = {state for state in reached if pattern[state : state + 1] == "*"}
        states |= {state + 1 for state in reached if pattern[state : state + 1] in ("?", character)}
    return False


def _is_near(form: str, pattern: Fuzzy) -> bool:
    """Optimal string alignment, row by row."""
    if not form.startswith(pattern.form[: pattern.prefix]):
        return False
    if abs(len(form) - len(pattern.form)) > pattern.distance:
        return False
    above: list[int] = []
    row = list(range(len(pattern.form) + 1))
    for i, letter in enumerate(form):
        two_above, above, row = above, row, [i + 1]
        for j, wanted in enumerate(pattern.form):
            best = min(above[j] + (letter != wanted), above[j + 1] + 1, row[j] + 1)
            if i and j and letter == pattern.form[j - 1] and form[i - 1] == wanted:
                best = min(best, two_above[j - 1] + 1)
            row.append(best)
    return row[-1] <= pattern.distance
