"""The query language: from a string to a tree. `newsindex.index` calls `read`; `parse` may be called by anyone.

=========================================  =====================================================================
``guvern buget``                           both words (or either, with match="any"), in any form
``"trupele nord-coreene"``  ``„…” «…» “…”``  these words in this order; ``"…"~3``: up to 3 other words between them
``=fața``  ``="trupelor"``  ``"=fața palatului"``  exactly this form, alone, for a whole phrase or for a word of one
``inflați*``  ``minis?ru``  ``Iohanis~1``    beginning, pattern, similar spelling (1 or 2 letters differ)
``titlu:buget``  ``sursa:(Alfa SAU Beta)``   field of a word, phrase or group; any other name is a key of ``extra``
``data:2025-08``  ``data:>=2025-08-15``      published in, since, after, until, before a date
``data:ieri``  ``data:"15 august 2025"``     dates in Romanian, see `newsindex.query.date_words`
``data:[2025-01 TO 2025-03]``  ``{… TO …}``  range of dates, inclusive, exclusive; either end may be missing
``ȘI SAU NU``  ``AND OR NOT``  ``+a -b``     in capitals; NU binds most, then ȘI, then SAU, then standing side by side
``guvern^2``  ``(a SAU b)^0.5``              weighs more, or less
``*``  ``*:*``                               every article
``\\*``                                       what follows is no operator
=========================================  =====================================================================

The string is cut up by `newsindex.query._lexer`, and the pieces are put together by `newsindex.query._builder`: for
`parse` as a tree of Whoosh, for whoever wants to look at it or to combine it with others, and for `read`, for searches,
as the same tree of lighter nodes. Whoosh's own plugins recurse once per parenthesis, take time that grows exponentially
with nested + signs, and read as words what they do not understand.

Texts in the tree are raw words; `newsindex.query.plan` analyses them. A text that begins with = is an exact form.
Every leaf has the `startchar` of its clause, so that later errors can say where they are.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from newsindex.query import plain
from newsindex.query._builder import Builder
from newsindex.query._lexer import scan
from newsindex.query.syntax import OWN

if TYPE_CHECKING:
    from whoosh import query as wq

Tree = Any  # a node of either family


def parse(text: str, match: str = "all", now: dt.datetime | None = None) -> wq.Query:
    """The tree of a query string.

    Args:
        text: in the language above.
        match: "all" to require every word that stands beside another, "any" to require one of them.
        now: what dates such as "ieri" are counted from, where a range of them is checked; the default is the present.

    Raises:
        QueryError: the string cannot be understood, or is over a limit of `newsindex.query.lexer`; it says where.

    >>> parse("titlu:buget -guvern")
    And([Term('title', 'buget'), Not(Term('text', 'guvern'))])
    >>> parse('președinte "Coreei de Nord"~2', match="any")
    AnyWord([Term('text', 'președinte'), Phrase('text', ['Coreei', 'de', 'Nord'], slop=3, boost=1.000000)])
    """
    from newsindex.query.builders import WHOOSH

    return Builder(text, now, plain.is_all(match), WHOOSH).run(scan(text))


def read(text: str, match: str = "all", now: dt.datetime | None = None) -> Tree:
    """The tree that `parse` gives, of the nodes of `newsindex.query.syntax`.

    >>> read("titlu:buget")
    Term(fieldname='title', text='buget', boost=1.0, startchar=0, endchar=11)
    """
    return Builder(text, now, plain.is_all(match), OWN).run(scan(text))
