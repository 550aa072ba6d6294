import datetime as dt
from typing import Any

from newsindex.query._lexer import Lexeme
from newsindex.query.syntax import Family

class Builder:
    def __init__(self, text: str, now: dt.datetime | None, match_all: bool, make: Family) -> None: ...
    def run(self, lexemes: list[Lexeme]) -> Any: ...
