"""Lists of word forms and their lemmas: read from files or taken from the generator's language.

A file has a line for each form: form, lemma and part of speech or morphological features, separated by tabs; whatever
follows is not read. Nouns, verbs, adjectives and names count, in the notation of Universal Dependencies (NOUN, VERB,
ADJ, PROPN) or UniMorph (N, V, V.PTCP, ADJ). A form that is more than one word, or has other characters than letters, is
left out.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Final

import attrs

from benchmarks.vocabulary import ADJECTIVE, NAME, NOUN, VERB, inflect, vocabulary
from newsindex.analysis import clean

CLASSES: Final = {NOUN: "nouns", VERB: "verbs", ADJECTIVE: "adjectives", NAME: "names"}
_KNOWN: Final = {NOUN: NOUN, VERB: VERB, ADJECTIVE: ADJECTIVE, NAME: NAME, "N": NOUN, "V": VERB}
_RUN: Final = 25  # lemmas drawn together
_TAG: Final = re.compile(r"[A-Za-z]*")

Row = tuple[str, str, str]  # form, lemma, class


@attrs.frozen
class FormList:
    """Distinct forms, all in lower case, and what is known of them.

    Attributes:
        name: of the file, or "generated".
        lemmas: the lemmas of each form, of all lemmas in the list.
        classes: the word classes of each form, of `CLASSES`.
    """

    name: str
    lemmas: dict[str, frozenset[str]]
    classes: dict[str, frozenset[str]]

    def sample(self, count: int, seed: int) -> FormList:
        """About `count` forms, drawn by `seed`: all of some lemmas. The whole list where `count` is 0 or not less.

        Lemmas are drawn in runs of neighbours in the alphabet, since those are the ones that may be mixed up.
        """
        if not count or count >= len(self.lemmas):
            return self
        by_lemma = self.by_lemma()
        order = sorted(by_lemma)
        runs = [order[begin : begin + _RUN] for begin in range(0, len(order), _RUN)]
        random.Random(seed).shuffle(runs)
        chosen: dict[str, None] = {}
        for lemma in chain.from_iterable(runs):
            if len(chosen) >= count:
                break
            chosen |= dict.fromkeys(by_lemma[lemma])
        # Forms keep lemmas that were not drawn: two of them may share one.
        return FormList(
            self.name, {form: self.lemmas[form] for form in chosen}, {form: self.classes[form] for form in chosen}
        )

    def by_lemma(self) -> dict[str, list[str]]:
        """The forms of each lemma."""
        forms = defaultdict(list)
        for form, lemmas in self.lemmas.items():
            for lemma in lemmas:
                forms[lemma].append(form)
        return forms


def make(name: str, rows: Iterable[Row]) -> FormList:
    """A list of these forms, in lower case and with comma letters."""
    lemmas: dict[str, set[str]] = defaultdict(set)
    classes: dict[str, set[str]] = defaultdict(set)
    for form, lemma, kind in rows:
        form, lemma = clean(form).lower(), clean(lemma).lower()
        if form.isalpha() and lemma:
            lemmas[form].add(lemma)
            classes[form].add(kind)
    return FormList(
        name,
        {form: frozenset(of) for form, of in lemmas.items()},
        {form: frozenset(of) for form, of in classes.items()},
    )


def read(path: Path) -> FormList:
    """The list in a file.

    Raises:
        ValueError: it cannot be read, or a line of it, or there is no form in it.
    """
    try:
        found = make(path.name, _rows(path))
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}; pass a file of word forms with --lemmas") from error
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: not UTF-8 ({error.reason} at byte {error.start}); convert it") from error
    if not found.lemmas:
        raise ValueError(f"{path}: no noun, verb, adjective or name in it; its third column must tell the word class")
    return found


def _rows(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            columns = line.rstrip("\r\n").split("\t")
            if len(columns) < 3:
                raise ValueError(f"{path}, line {number}: form, lemma and word class expected, separated by tabs")
            form, lemma, tag = columns[:3]
            match = _TAG.match(tag)
            if match is not None and (kind := _KNOWN.get(match[0])):
                yield form, lemma, kind


@cache
def generated() -> FormList:
    """The forms of the generator's language; its names have a genitive."""
    language = vocabulary()
    begins = language.first_form.tolist()
    rows: list[Row] = []
    for kind, begin, end in zip(language.classes, begins, begins[1:], strict=False):
        forms = language.words[begin:end]
        rows += [(form, forms[0], kind) for form in forms]
    for name in language.words[language.extras :]:
        if name.endswith("escu"):
            rows += [(form, name, NAME) for form in inflect(name, ("", "lui"))]
    return make("generated", rows)
