"""What may stand in the path of a call: nothing that a server could take for another path than the one meant. Pure.

Percent-encoding keeps letters, digits and `_.-~`, so `.` and `..` pass through it and are resolved by clients, proxies
and servers (RFC 3986, 5.2.4); and many decode more than once, take a backslash for a slash, cut a segment at `;`, drop
spaces at its end, or fold look-alikes of the dot.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from typing import Protocol
from urllib.parse import quote, unquote

from orderdesk_sdk.errors import ValidationError

__all__ = ["fill_path", "number_error", "path_error", "encode_segment", "segment_error"]

_INVISIBLE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode's categories of control characters, invisible ones, half surrogates and line ends."""
_PLAIN_SEGMENT = re.compile(r"[A-Za-z0-9_-]++")
"""A segment that is nothing but itself, however often it is decoded."""


class _Format(Protocol):
    def error(self, remote_id: str) -> str | None:
        """What is wrong with a remote number; None when nothing is."""


def number_error(number: str, rule: _Format | None) -> str | None:
    """What is wrong with an order's number at a service, by what any path takes and by the service's own rule."""
    fault = segment_error(number)
    if fault is not None:
        return f"the number {number!r} {fault}"
    return rule.error(number) if rule is not None else None


def segment_error(text: str) -> str | None:
    """Why a text must not be a segment of a path, whatever its encoding; None where it may."""
    if not text.strip():
        return "is empty"
    decoded = _decoded(text)
    if _has_invisible(text + decoded):
        return "has a control character or an invisible one"
    if "\\" in decoded:
        return "has a backslash, which servers take for a slash"
    if any(map(_is_dots, decoded.split("/"))):
        return "has a part of nothing but dots, which servers take for another path"
    return None


@lru_cache(1024)
def path_error(path: str) -> str | None:
    """Why a path, as it is written and with a query after it perhaps, must not be called; None where it may."""
    if path and path[0] not in "/?":
        return "does not begin with a slash"
    if _has_invisible(path):
        return "has a control character or an invisible one"
    if "#" in path:
        return "has a #, after which nothing reaches the service; give the number as a segment of its own"
    if "\\" in path:
        return "has a backslash, which servers take for a slash"
    parts = path.partition("?")[0].split("/")
    if "" in parts[1:-1]:
        return "has an empty segment"
    if any(_is_dots(inner) for part in parts for inner in _decoded(part).replace("\\", "/").split("/")):
        return "has a segment of nothing but dots, which servers take for another path"
    return None


def encode_segment(text: str, location: str) -> str:
    """The text, percent-encoded for a path. Raises ValidationError for one that must not be a segment."""
    if _PLAIN_SEGMENT.fullmatch(text):
        return text
    fault = segment_error(text)
    if fault is not None:
        raise ValidationError(f"{text!r} {fault}", location=location, hint="give the number that the service knows")
    return quote(text, safe="")


def fill_path(template: str, values: Mapping[str, str], location: str) -> str:
    """A path with a query, perhaps, whose fields in braces are filled with these values, percent-encoded.

    Raises ValidationError for a value that must not be a segment; in the query any text may stand.
    """
    path, mark, query = template.partition("?")
    texts = {name: quote(value, safe="") for name, value in values.items()}
    named = {name for name, value in values.items() if value and f"{{{name}}}" in path}
    segments = texts | {name: encode_segment(values[name], location) for name in named}
    return path.format_map(segments) + mark + query.format_map(texts)


def _has_invisible(text: str) -> bool:
    if text.isascii() and text.isprintable():
        return False
    return any(unicodedata.category(char) in _INVISIBLE_CATEGORIES for char in text)


def _decoded(text: str) -> str:
    """The text as whoever decodes too often sees it, with look-alikes of dots and slashes made plain."""
    while (more := unquote(text)) != text:
        text = more
    return unicodedata.normalize("NFKC", text)


def _is_dots(part: str) -> bool:
    core = part.partition(";")[0].strip()
    return bool(core) and not core.strip(".")
