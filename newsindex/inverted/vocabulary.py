"""`Vocabulary`: the word forms of a segment, and the terms and form numbers that they get in each field.

`newsindex.inverted.build` makes one when it writes a segment. All strings stay packed: there are as many as a small
dictionary has, and few of them are anybody's but this module's.
"""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from newsindex.analysis import Stemmer, fold_table
from newsindex.inverted import _strings
from newsindex.inverted.columns import Packed, pack
from newsindex.inverted.entries import reading_entry


@attrs.frozen(eq=False)
class Terms:
    """The terms of one field, and of which term each word form is a form."""

    terms: Packed
    sizes: NDArray[np.int64]  # occurrences of each term
    entries: Packed  # of its forms; see newsindex.inverted._dictionary
    entry_forms: NDArray[np.int64]  # the form number of each entry
    form_terms: NDArray[np.int32]
    form_numbers: NDArray[np.int32]
    form_counts: NDArray[np.int32]  # of each term


class Vocabulary:
    """The word forms of a segment with their terms, sorted once for all fields.

    A form that may be read as several words is a form of its first reading, and has for each other reading a form more,
    numbered behind the real ones, whose entry sorts behind theirs (READING). No pattern over forms finds those.

    Args:
        forms: by their numbers, distinct.
        in_bare: which of them occur, where words are stemmed, in articles without diacritics.

    Attributes:
        readings: where the further readings of each form begin (int32, one more than forms), and whether it has them in
            any article (uint8), as `newsindex.inverted._invert` takes them.
    """

    def __init__(self, forms: Packed, stemmer: Stemmer, in_bare: NDArray[np.bool_]) -> None:
        folded = _strings.fold(*forms, fold_table())
        entries = _strings.entries(*forms, *folded)
        by_entry = _strings.order(*entries)
        ordered = _strings.gather(*entries, by_entry)
        classes = stemmer.classify(_strings.gather(*forms, by_entry), ordered, in_bare[by_entry])
        self._real = len(by_entry)
        self._always = np.zeros(self._real, bool)
        self._always[by_entry] = classes.always
        ranks, chosen = _strings.ranks(*classes.names)
        firsts = np.empty(self._real, np.int64)
        firsts[by_entry] = ranks[classes.firsts]
        self._reads = by_entry[classes.forms]  # the form that each reading is one of
        others = ranks[classes.others]
        by_form = np.lexsort((others, self._reads))
        self._reads, others = self._reads[by_form], others[by_form]
        self.readings = (
            np.searchsorted(self._reads, np.arange(self._real + 1)).astype(np.int32) + np.int32(self._real),
            self._always.astype(np.uint8),
        )
        terms = _strings.gather(*classes.names, chosen)
        readings = pack(
            [
                reading_entry(form, other)
                for form, other in zip(_each(forms, self._reads), _each(terms, others), strict=True)
            ]
        )
        by_reading = _strings.order(*readings)
        self._by_entry = np.concatenate((by_entry, self._real + by_reading))
        self._entries = _joined(ordered, _strings.gather(*readings, by_reading))
        self._keys = {
            True: (np.concatenate((firsts, others)), terms),
            False: _number_sorted(folded, by_entry),
        }

    def __len__(self) -> int:
        return len(self._by_entry)

    def select(self, counts: NDArray[np.int32], in_bare: NDArray[np.int32], stemmed: bool) -> Terms:
        """The terms of a field, given how often each form occurs in it, and how often in bare articles.

        The forms of a term are numbered by falling frequency, since small numbers pack into fewer bits.
        """
        keys, packed = self._keys[stemmed]
        as_others = np.where(self._always[self._reads], counts[self._reads], in_bare[self._reads])
        counts = np.concatenate((counts, as_others if stemmed else np.zeros_like(as_others)))
        places = np.flatnonzero(counts[self._by_entry])
        entry_forms = self._by_entry[places]
        frequencies = counts[entry_forms]
        used = np.zeros(len(packed[1]) - 1, bool)
        used[keys[entry_forms]] = True
        used_keys = np.flatnonzero(used)
        entry_terms = (np.cumsum(used) - 1)[keys[entry_forms]]
        by_term = np.lexsort((-frequencies, entry_terms))
        form_terms, form_numbers = np.zeros(len(self), np.int32), np.zeros(len(self), np.int32)
        form_terms[entry_forms] = entry_terms
        form_numbers[entry_forms[by_term]] = rank_in_groups(entry_terms[by_term])
        sizes = np.zeros(len(used_keys), np.int64)
        np.add.at(sizes, entry_terms, frequencies)
        return Terms(
            _strings.gather(*packed, used_keys),
            sizes,
            _strings.gather(*self._entries, places),
            entry_forms,
            form_terms,
            form_numbers,
            np.bincount(entry_terms, minlength=len(used_keys)).astype(np.int32),
        )


def _number_sorted(folded: Packed, by_entry: NDArray[np.int64]) -> tuple[NDArray[np.int64], Packed]:
    """The number of each folded form among the distinct ones, whose order that of the entries is, and those packed."""
    ordered = _strings.gather(*folded, by_entry)
    fresh = _strings.fresh(*ordered)
    numbers = np.empty(len(by_entry), np.int64)
    numbers[by_entry] = np.cumsum(fresh) - 1
    return numbers, _strings.gather(*ordered, np.flatnonzero(fresh))


def _each(packed: Packed, which: NDArray[np.int64]) -> list[bytes]:
    data, starts = packed
    view, bounds = data.data, starts.data
    return [view[bounds[i] : bounds[i + 1]].tobytes() for i in which.tolist()]


def _joined(first: Packed, second: Packed) -> Packed:
    return np.concatenate((first[0], second[0])), np.concatenate((first[1], second[1][1:] + first[1][-1]))


def rank_in_groups(groups: NDArray[Any]) -> NDArray[np.int64]:
    """0, 1, 2… within each run of equal numbers."""
    places = np.arange(len(groups))
    firsts = np.concatenate(([True], groups[1:] != groups[:-1])) if len(groups) else np.zeros(0, bool)
    return places - np.maximum.accumulate(np.where(firsts, places, 0))
