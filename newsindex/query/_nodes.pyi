from typing import Final

class Node:
    __match_args__: Final[tuple[str, ...]]

class Stem(Node):
    stem: Final[str]
    form: Final[str]
    others: Final[tuple[str, ...]]
    loose: Final[bool]
    def __init__(self, stem: str, form: str = "", others: tuple[str, ...] = (), loose: bool = False) -> None: ...

class Derived(Node):
    root: Final[str]
    stems: Final[tuple[str, ...]]
    def __init__(self, root: str, stems: tuple[str, ...]) -> None: ...

class Form(Node):
    form: Final[str]
    def __init__(self, form: str) -> None: ...

class Prefix(Node):
    prefix: Final[str]
    def __init__(self, prefix: str) -> None: ...

class Wildcard(Node):
    pattern: Final[str]
    def __init__(self, pattern: str) -> None: ...

class Fuzzy(Node):
    form: Final[str]
    distance: Final[int]
    prefix: Final[int]
    def __init__(self, form: str, distance: int, prefix: int = 0) -> None: ...

class Word(Node):
    field: Final[str]
    pattern: Final[_Pattern]
    boost: Final[float]
    def __init__(self, field: str, pattern: _Pattern, boost: float = 1.0) -> None: ...

class Phrase(Node):
    field: Final[str]
    patterns: Final[tuple[_Pattern, ...]]
    slop: Final[int]
    boost: Final[float]
    def __init__(self, field: str, patterns: tuple[_Pattern, ...], slop: int = 0, boost: float = 1.0) -> None: ...

class Dates(Node):
    since: Final[int | None]
    until: Final[int | None]
    def __init__(self, since: int | None, until: int | None) -> None: ...

class OneOf(Node):
    field: Final[str]
    values: Final[tuple[str, ...]]
    def __init__(self, field: str, values: tuple[str, ...]) -> None: ...

class Filled(Node):
    field: Final[str]
    def __init__(self, field: str) -> None: ...

class Everything(Node):
    def __init__(self) -> None: ...

class Nothing(Node):
    def __init__(self) -> None: ...

class And(Node):
    children: Final[tuple[_Plan, ...]]
    def __init__(self, children: tuple[_Plan, ...]) -> None: ...

class Or(Node):
    children: Final[tuple[_Plan, ...]]
    def __init__(self, children: tuple[_Plan, ...]) -> None: ...

class Not(Node):
    child: Final[_Plan]
    def __init__(self, child: _Plan) -> None: ...

class Maybe(Node):
    required: Final[_Plan]
    optional: Final[_Plan]
    def __init__(self, required: _Plan, optional: _Plan) -> None: ...

class Unscored(Node):
    child: Final[_Plan]
    score: Final[float]
    def __init__(self, child: _Plan, score: float = 0.0) -> None: ...

_Pattern = Stem | Derived | Form | Prefix | Wildcard | Fuzzy
_Plan = Word | Phrase | Dates | OneOf | Filled | Everything | Nothing | And | Or | Not | Maybe | Unscored

def children(plan: _Plan) -> tuple[_Plan, ...]: ...
