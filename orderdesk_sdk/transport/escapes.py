"""What a text says beneath its escapes, and where: those of URLs, JSON, HTML, XML and Python, mixed at will. Pure.

A secret that a service quotes may be percent-encoded in a JSON text in a page of HTML. Whoever lists such forms forgets
one; here one layer of any of them is taken off at a time, with the place of every character.
"""

from __future__ import annotations

import html
import re
from bisect import bisect_right
from collections.abc import Iterator

from attrs import frozen

__all__ = ["CUT_ESCAPE", "Unescaped", "unescaped"]

_ESCAPE = re.compile(
    r"(?P<url>(?:%[0-9A-Fa-f]{2})++)"
    r"|(?P<bytes>(?:\\x[0-9A-Fa-f]{2})++)"
    r"|(?P<json>(?:\\u[0-9A-Fa-f]{4})++)"
    r"|\\(?P<char>[\\\"'/bfnrt])"
    r"|&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});"
    r"|&(?:amp|lt|gt|quot)(?![A-Za-z0-9;])"
    r"|(?P<nothing>\x00++|(?<=[A-Za-z0-9+/_-])=?\r?\n[ \t]?(?=[A-Za-z0-9+/_-]))"
)
CUT_ESCAPE = re.compile(r"(?:%[0-9A-Fa-f]?|\\(?:[ux][0-9A-Fa-f]{0,3})?|&#?[0-9A-Za-z]{0,8})\Z")
"""The beginning of an escape where a text was cut."""
_CHARS = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}

_Unit = tuple[str, int]
"""What an escape stands for, and how many characters of the source it takes."""


@frozen
class Unescaped:
    """A text without one layer of escapes. _at: where pieces begin in it; _begins: where they begin in the source."""

    text: str
    _at: list[int]
    _begins: list[int]

    def source(self, start: int, end: int) -> tuple[int, int]:
        """The part of the source that says the characters from `start` to `end`; start < end."""
        first, last = bisect_right(self._at, start) - 1, bisect_right(self._at, end - 1) - 1
        begin = self._begins[first] + (start - self._at[first] if self._is_plain(first) else 0)
        stop = self._begins[last] + end - self._at[last] if self._is_plain(last) else self._begins[last + 1]
        return begin, stop

    def _is_plain(self, piece: int) -> bool:
        # An escape always takes more characters than what it stands for.
        return self._begins[piece + 1] - self._begins[piece] == self._at[piece + 1] - self._at[piece]


def unescaped(text: str) -> Unescaped | None:
    """The text without its outermost escapes; None where there are none."""
    made: list[str] = []
    at: list[int] = []
    begins: list[int] = []
    length = end = 0

    def add(piece: str, source: int) -> None:
        nonlocal length
        at.append(length)
        begins.append(source)
        made.append(piece)
        length += len(piece)

    for found in _ESCAPE.finditer(text):
        source = found.start()
        if source > end:
            add(text[end:source], end)
        for piece, taken in _units(found):
            add(piece, source)
            source += taken
        end = found.end()
    if not made:
        return None
    if end < len(text):
        add(text[end:], end)
    return Unescaped("".join(made), [*at, length], [*begins, len(text)])


def _units(found: re.Match[str]) -> Iterator[_Unit]:
    escape = found[0]
    match found.lastgroup:
        case "url":
            yield from _of_bytes(bytes.fromhex(escape.replace("%", "")), 3)
        case "bytes":
            yield from _of_bytes(bytes.fromhex(escape.replace("\\x", "")), 4)
        case "json":
            halves = bytes.fromhex(escape.replace("\\u", ""))
            for char in halves.decode("utf-16-be", "surrogatepass"):
                yield char, 12 if ord(char) > 0xFFFF else 6
        case "nothing":  # UTF-16 that was read as UTF-8, and lines that mail and base64 break.
            yield "", len(escape)
        case "char":
            yield _CHARS.get(escape[1], escape[1]), 2
        case _:
            yield html.unescape(escape), len(escape)


def _of_bytes(raw: bytes, width: int) -> Iterator[_Unit]:
    # What is no UTF-8 is what Latin-1 makes of it.
    for char in raw.decode("utf-8", "surrogateescape"):
        taken = len(char.encode("utf-8", "surrogateescape"))
        is_odd = 0xDC80 <= ord(char) <= 0xDCFF
        yield chr(ord(char) - 0xDC00) if is_odd else char, taken * width
