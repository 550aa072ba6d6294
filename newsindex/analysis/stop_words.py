"""Romanian function words: indexed like all others, but too common to rank or to demand of an article.

Chosen narrowly. Words are compared folded, so that "si", "și" and "şi" are one; hence no word is listed whose
spelling without diacritics is also a word with a meaning of its own: „pană”, „pește”, „ține” and „intre” keep până,
peste, tine and între out, the numerals „II” and „V” keep out îi and v-, „AI”, „ATI” and „AS” the forms ai, ați and aș.
"""

from __future__ import annotations

from typing import Final

from newsindex.analysis._tokens import fold

_ARTICLES = """
    un o unui unei unor niște unul una unii unele unora unuia uneia
    al a ale alor cel cea cei cele celui celei celor
"""
_DEMONSTRATIVES = """
    acest această acești aceste acestui acestei acestor acesta aceasta aceștia acestea acestuia acesteia acestora
    acel acea acei acele acelui acelei acelor acela aceea aceia acelea acestea aceluia aceleia acelora asta
"""
_PREPOSITIONS = """
    de la în din pe cu prin pentru spre despre dinspre înspre sub fără după către asupra lângă dintre printre
    într dintr printr
"""
_CONJUNCTIONS = """
    și iar dar însă ci sau ori fie nici că să ca dacă deși deci deoarece fiindcă încât căci decât precum când cum unde
"""
_PRONOUNS = """
    eu tu el ea ele ei voi lui lor mă te se ne vă le li mi ți și îmi îți își îl o s n l m
    meu mea mei mele ta tale său sa săi sale nostru noastră noștri noastre vostru voastră voștri voastre
    care căruia căreia cărora cărui cărei căror ce cine
    vreun vreo vreunui vreunei niciun nicio niciunui niciunei
"""
_AUXILIARIES = """
    am are au ar avea fi fiind sunt ești este e suntem sunteți era eram erau fost va vei vom veți vor
"""
_PARTICLES = "nu"

STOP_WORDS: Final[frozenset[str]] = frozenset(
    " ".join(
        (_ARTICLES, _DEMONSTRATIVES, _PREPOSITIONS, _CONJUNCTIONS, _PRONOUNS, _AUXILIARIES, _PARTICLES),
    ).split()
)

_FOLDED = frozenset(map(fold, STOP_WORDS))


def is_stop_word(form: str) -> bool:
    """Whether a form, as `tokenize` gives it, is a function word; diacritics do not count.

    >>> is_stop_word("și"), is_stop_word("si"), is_stop_word("guvern")
    (True, True, False)
    """
    return fold(form) in _FOLDED
