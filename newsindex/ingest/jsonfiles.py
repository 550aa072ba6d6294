"""JSON files: .jsonl (and .ndjson), an object a line and streamed, and .json, one document and read whole.

A .json document is an array of objects, one object, or an object with such an array under "articles", "items" or
"data". Called by `newsindex.ingest.reader` alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from newsindex.ingest.encoding import lines, whole
from newsindex.ingest.faults import InputError
from newsindex.ingest.records import TEXT_NAMES, Record, has_text

MAX_DOCUMENT_BYTES: Final = 1 << 30  # of one .json file, which takes several times as much memory
ARRAY_NAMES: Final = ("articles", "items", "data")


def line_records(file: str, blocks: Iterator[bytes]) -> Iterator[Record | InputError]:
    """The records of a .jsonl file; blank lines are passed over.

    Yields:
        a record, or the fault of a line that is none.
    """
    for line in lines(file, blocks):
        if line.fault is not None:
            yield line.fault
        elif line.text and not line.text.isspace():
            try:
                value = _parse(file, line.text, number=line.number)
            except InputError as error:
                yield error
            else:
                yield _record(file, value, line=line.number)


def document_records(file: str, blocks: Iterator[bytes]) -> Iterator[Record | InputError]:
    """The records of a .json file.

    Yields:
        a record, or the fault of an element of the array that is none.

    Raises:
        ArticleError: not JSON, longer than `MAX_DOCUMENT_BYTES`, or nested too deeply.
    """
    document = _parse(file, whole(file, blocks, MAX_DOCUMENT_BYTES))
    for number, value in enumerate(_elements(file, document), 1):
        yield _record(file, value, record=number)


def _parse(file: str, text: str, *, number: int | None = None) -> Any:
    line = number
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        line = number or error.lineno
        message = f"not JSON at column {error.colno} ({error.msg}); correct it"
    except ValueError:
        message = "an integer with more digits than Python converts; write it as a text"
    except RecursionError:
        message = "nested too deeply; flatten it"
    # Raised out here, so that the error does not hold on to the text through the one it came from.
    raise InputError(file, message, kind="not JSON", line=line)


def _elements(file: str, document: Any) -> list[Any]:
    if isinstance(document, list):
        return document
    if not isinstance(document, dict):
        raise InputError(
            file, "holds neither an array nor an object; write an array of articles", kind="not an article"
        )
    arrays = [name for name in ARRAY_NAMES if isinstance(document.get(name), list)]
    if not arrays or has_text(document):
        return [document]
    if len(arrays) > 1:
        raise InputError(
            file, f"several arrays ({', '.join(arrays)}); leave the one with the articles", kind="not an article"
        )
    elements: list[Any] = document[arrays[0]]
    return elements


def _record(file: str, value: Any, *, line: int | None = None, record: int | None = None) -> Record | InputError:
    if not isinstance(value, dict):
        message = f"an object expected, found {type(value).__name__}; write one object for each article"
    elif not has_text(value):
        message = f"neither a title nor a text; name them by one of {', '.join(TEXT_NAMES)}"
    else:
        return Record(line or record or 0, value)
    return InputError(file, message, kind="not an article", line=line, record=record)
