from newsindex.inverted._dictionary import Dictionary
from newsindex.inverted._pages import Pages
from newsindex.inverted._postings import PostingList

class Words:
    def __init__(
        self,
        terms: Dictionary,
        forms: Dictionary,
        bounds: tuple[int, int, int, int],
        postings: Pages,
        positions: Pages,
        articles: int,
    ) -> None: ...
    def look_up(
        self, names: tuple[str, ...], form: str, folded: str, loose: bool
    ) -> list[tuple[PostingList, bytes, int, int]]: ...
