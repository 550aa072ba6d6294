"""Compiles simplemma's Romanian dictionary into `lexicon.bin` when the package is built; nothing imports it later.

The dictionary gives each of 337,000 word forms one lemma, and is right far more often than any algorithm; but it calls
„soldat” a form of „a solda”, keeps „micșorată” and „micșorează” apart and lets aventura and aventură point at each
other. So its lemmas are joined into classes first, by the rules of `Classes`, and what is kept is the class of each
form. That has to be done once and for all forms together, hence here; a search then maps the file and looks words up.

    header   magic; 16 bytes that tell this lexicon from any other; 32 bytes, what it was made from; then int64: forms
             n, bytes of forms, classes c, bytes of classes
    uint32   [n + 1] where each form begins, [c + 1] where each class begins, [n] the class of each form
    bytes    the forms, ascending: folded form, and behind a zero byte the form where it differs; then the classes,
             each called by its lemma, ascending too

Importing this must not import the package, whose extension modules do not exist yet while it is built.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import struct
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import Any, Final

from setuptools.command.build_ext import build_ext

MAGIC: Final = b"RoLexic1"
FILE: Final = "newsindex/analysis/lexicon.bin"

# Where the dictionary errs on words that stand in every newspaper, or lacks them: a lemma, and forms that are its own.
CORRECTIONS: Final = """
    avea: ai
    cale: căi căii
    copil: copii
    coreean: coreean coreeanul coreeanului coreeni coreenii coreenilor coreeană coreeana coreene coreenei coreenele
    da: da
    dată: data date datei datele datelor dată
    judecător: judecătoare judecătoarea
    lege: legi
    lua: ia iei
    mie: mie mii miile miilor
    nou: noi
    partid: partide partidele partidelor
    președinte: președinte președinții
    vânt: vânturi vânturile
    zi: ziua ziuă
"""

# Nouns that look like participles and went their own way: who asks for a soldier does not mean soldering. Those with a
# plural in -uri are told from participles by it and need not stand here.
_NOUNS: Final = """
    atentat candidat certificat comunicat merit permis plagiat produs respect rezultat salariat secret soldat stat
    tratat
"""
NOUNS: Final = frozenset(_NOUNS.split())
LEAST_NOUN: Final = 4  # other forms that a noun has which is also a form of a verb, or it is an accident of the list
LEAST_VERB: Final = 8  # forms of a verb

_LONG: Final = 5  # letters, which no word has of whose forms one has two, but every unit and element
_NUMERAL: Final = re.compile("m{0,3}(?:cm|cd|d?c{0,3})(?:xc|xl|l?x{0,3})(?:ix|iv|v?i{0,3})")
_ACRONYMS: Final = ("ceo", "cia", "dna", "iva", "sua")  # to the dictionary „ce”, „acela”, „doamnă”, „patru”, „sine”

_COMMA: Final = str.maketrans("şţ", "șț")
_GERUND: Final = ("ând", "ându", "ind", "indu")


def normal(word: str) -> str:
    """A word as the tokenizer would give it: composed, lower case, comma letters."""
    return unicodedata.normalize("NFC", word).lower().translate(_COMMA)


def fold(word: str) -> str:
    """A Romanian word without its diacritics."""
    return "".join(letter for letter in unicodedata.normalize("NFD", word) if not unicodedata.combining(letter))


def is_written_out(form: str, lemma: str) -> bool:
    """Whether a form is no word of the language, but a symbol, numeral or abbreviation that the dictionary spells out.

    >>> is_written_out("pt", "platină"), is_written_out("xii", "doisprezece"), is_written_out("oi", "oaie")
    (True, True, False)
    """
    return (
        (len(form) <= 2 and len(lemma) >= _LONG)
        or (lemma[0] != form[0] and _NUMERAL.fullmatch(form) is not None)
        or form in _ACRONYMS
    )


def normalised(dictionary: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Form to lemma for what is one word of letters; where spellings coincide, lower case with commas decides."""
    found: dict[str, tuple[bool, str]] = {}
    for form, lemma in dictionary:
        plain, base = normal(form), normal(lemma)
        if plain.isalpha() and base.isalpha() and not is_written_out(plain, base):
            other = plain != form
            if plain not in found or other < found[plain][0]:
                found[plain] = (other, base)
    return {form: lemma for form, (_, lemma) in found.items()}


def corrections() -> dict[str, str]:
    """Form to lemma, as CORRECTIONS has it.

    >>> corrections()["copii"]
    'copil'
    """
    lines = (line.partition(":") for line in CORRECTIONS.splitlines() if line.strip())
    return {form: lemma.strip() for lemma, _, forms in lines for form in forms.split()}


class Classes:
    """Which forms are forms of one word, by a dictionary of forms and lemmas."""

    def __init__(self, lemmas: Mapping[str, str]) -> None:
        self._lemmas = lemmas
        self._forms: dict[str, set[str]] = defaultdict(set)
        for form, lemma in lemmas.items():
            self._forms[lemma].add(form)
        self._verbs = {lemma for lemma in self._forms if self._is_verb(lemma)}
        self._corrections = corrections()
        self.of_lemma = cache(self._of_lemma)

    def __call__(self, form: str) -> str:
        """The class of a form in the dictionary."""
        if form in self._corrections:
            return self._corrections[form]
        lemma = self._lemmas[form]
        if lemma in self._verbs and form not in self._verbs and not form.endswith(_GERUND):
            # Noun before verb: „soldat” is a noun with a paradigm of its own before it is a form of „a solda”.
            return self.of_lemma(form if len(self._forms.get(form, ())) >= LEAST_NOUN else lemma)
        return self.of_lemma(lemma)

    def _of_lemma(self, lemma: str) -> str:
        """The class of a lemma: the lemma of the lemma, with care for verbs."""
        if lemma in self._corrections:
            return self._corrections[lemma]
        if lemma in self._verbs:
            return lemma  # „influența” is also a form of a noun, but „influențează” is not
        verb = self._verb_of_participle(lemma)
        if verb is not None:
            return verb
        base = self._lemmas.get(lemma, lemma)
        if base == lemma or base in self._verbs:
            return lemma
        circle = self._circle(lemma)
        # Of lemmas that point at each other, the one with the most forms stands for all.
        return min(circle, key=lambda word: (-len(self._forms[word]), word)) if circle else self.of_lemma(base)

    def _circle(self, lemma: str) -> list[str]:
        """The lemmas that a chain from `lemma` to its lemma and so on runs through, if it comes back; else none."""
        chain = [lemma]
        while (base := self._lemmas.get(chain[-1], chain[-1])) not in chain:
            chain.append(base)
        return chain if base == lemma and len(chain) > 1 else []

    def _is_verb(self, lemma: str) -> bool:
        forms = self._forms[lemma]
        return len(forms) >= LEAST_VERB and lemma[-1] in "aeiî" and any(form.endswith(_GERUND) for form in forms)

    def _verb_of_participle(self, lemma: str) -> str | None:
        """The verb whose participle a lemma is: one with a feminine form and without a noun's plural in -uri."""
        if (
            lemma[-1] not in "ts"
            or lemma in NOUNS
            or any(form.endswith(("uri", "urile")) for form in self._forms[lemma])
        ):
            return None
        base = self._lemmas.get(lemma, lemma)
        feminine = self._lemmas.get(lemma + "ă")
        if base in self._verbs and feminine in (lemma, base):
            return base
        regular = lemma[-2:] in ("at", "it", "ât") and lemma[:-1] in self._verbs
        return lemma[:-1] if regular and feminine is not None else None


def compiled(dictionary: Mapping[str, str], source: str) -> bytes:
    """The file for a dictionary from forms to lemmas; `source` names that."""
    lemmas = normalised(dictionary.items())
    class_of = Classes(lemmas)
    classes = {form: class_of(form) for form in lemmas}
    names = sorted(set(classes.values()))
    numbers = {name: number for number, name in enumerate(names)}
    entries = sorted((_entry(form), form) for form in lemmas)
    keys, called = [key for key, _ in entries], [name.encode() for name in names]
    numbered = [numbers[classes[form]] for _, form in entries]
    arrays = [[0, *accumulate(map(len, keys))], [0, *accumulate(map(len, called))], numbered]
    data = [b"".join(keys), b"".join(called)]
    body = b"".join(
        [
            struct.pack("<4q", len(keys), len(data[0]), len(called), len(data[1])),
            *(struct.pack(f"<{len(column)}I", *column) for column in arrays),
            *data,
        ]
    )
    return MAGIC + hashlib.blake2b(body, digest_size=16).digest() + source.encode()[:32].ljust(32) + body


def _entry(form: str) -> bytes:
    plain = fold(form).encode()
    return plain if plain == form.encode() else plain + b"\0" + form.encode()


def write(path: Path) -> None:
    """Compile the installed simplemma's dictionary to `path`."""
    import simplemma
    from simplemma.strategies.dictionaries import DefaultDictionaryFactory

    dictionary = corrections() | dict(DefaultDictionaryFactory().get_dictionary("ro"))
    content = compiled(dictionary, f"simplemma {simplemma.__version__}")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _last_change() -> int:
    """When anything changed last that extension modules are made of, in nanoseconds."""
    sources = [*Path("newsindex").rglob("*.pyx"), *Path("newsindex").rglob("*.pxd"), Path("pyproject.toml")]
    return max(source.stat().st_mtime_ns for source in sources)


class BuildExtensions(build_ext):  # type: ignore[misc, unused-ignore]  # setuptools has types in some versions only
    """Builds the extension modules, as many at a time as there are processors, and the lexicon beside them."""

    def finalize_options(self) -> None:
        super().finalize_options()
        asked: int | None = getattr(self, "parallel", None)
        self.parallel = asked or os.cpu_count()

    def run(self) -> None:
        super().run()
        write(self._lexicon)

    def build_extension(self, ext: Any) -> None:
        """Compile a module, or take what lies beside its source, if nothing has changed since that was compiled.

        So who installs a checkout again, with an extra, does not wait again. Flags of one's own are always heeded.
        """
        beside, target = Path(self.get_ext_filename(ext.name)), Path(self.get_ext_fullpath(ext.name))
        fresh = beside.is_file() and beside.stat().st_mtime_ns > _last_change()
        if not fresh or self.force or "CFLAGS" in os.environ:
            super().build_extension(ext)
        elif not target.exists() or not target.samefile(beside):
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(beside, target)

    def get_outputs(self) -> list[str]:
        """What is installed, so that the lexicon is part of the wheel."""
        return [*super().get_outputs(), str(self._lexicon)]

    @property
    def _lexicon(self) -> Path:
        return Path(FILE) if self.inplace else Path(self.build_lib, FILE)
