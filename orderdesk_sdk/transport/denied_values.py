"""Where the values of denied names stand in a text: JSON, forms, XML, HTML, multipart and lines, mixed and cut. Pure.

What escapes hide is looked for beneath them (`escapes`), by whoever asks here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from urllib.parse import unquote_plus

from orderdesk_sdk.transport.xml_values import denied_xml_spans

__all__ = ["Span", "denied_spans", "name_probes", "names_may_be_in"]

# Possessive throughout: a text of megabytes must not be remembered step by step.
_QUOTED_NAME = re.compile(r"([\"'])((?:[^\"'\\]|\\u[0-9A-Fa-f]{4}|\\[\s\S]){1,64}+)\1\s*+(?::|=>)\s*+")
_FORM = re.compile(r"(?=[^=]*+=)[^\s=&]*+(?:=[^\s&]*+)?+(?:&[^\s=&]*+(?:=[^\s&]*+)?+)*+")
_PAIR = re.compile(r"([^\s=&]++)=([^\s&]*+)")
_SIGN = r"[^\s=&?#\"'<>{}(),;:/\\]"
_PAIR_IN_TEXT = re.compile(rf"(?<!{_SIGN})({_SIGN}{{1,64}}+)=(?![\"'])((?:[^\s&\"'<>\\]++|\\[\s\S])*+)")
_NAME_OF_QUOTED = re.compile(r"(?<![\w-])([\w-]{1,64}+)\s*+[:=]\s*+(?=[\"'])")
_LINE = re.compile(r"^[ \t]*+([\w-]{1,64}+)[ \t]*+:[ \t]*+(?=[^\s\[{(])([^\r\n<]++)", re.MULTILINE)
_PART = re.compile(
    r"^(?>[^\r\n]*?\bname=\"?([^\";\r\n]{1,64}+))[^\r\n]*+\r?\n(?:[^\r\n]++\r?\n){0,8}+\r?\n"
    r"((?:[^\r\n]++|\r?\n(?!--)|\r)*+)",
    re.IGNORECASE | re.MULTILINE,
)
_BARE = re.compile(r"[^\s\"',\[\]{}<]++")
_STRINGS = {'"': re.compile(r"(?:[^\"\\]++|\\[\s\S]?)*+"), "'": re.compile(r"(?:[^'\\]++|\\[\s\S]?)*+")}

_NEITHER_LETTER_NOR_DIGIT = bytes(sign for sign in range(128) if not chr(sign).isalnum())

Span = tuple[int, int]
"""Where characters begin in a text, and where they end."""


def name_probes(names: Iterable[str]) -> frozenset[bytes]:
    """What `names_may_be_in` looks for, of folded names."""
    return frozenset(form.encode() for name in names for form in (name, name.replace("canceled", "cancelled")))


def names_may_be_in(text: str, probes: Iterable[bytes]) -> bool:
    """False where none of the names stands in the text before a value, unless escaped."""
    if not ("=" in text or ":" in text or "<" in text):
        return False
    folded = text.lower().encode("ascii", "ignore").translate(None, _NEITHER_LETTER_NOR_DIGIT)
    return any([probe in folded for probe in probes])  # noqa: C419 - a generator costs more than it saves


def denied_spans(text: str, is_denied: Callable[[str], bool]) -> Iterator[Span]:
    """Where in the text values of denied names stand, in any order; some may overlap, some may be empty.

    Where a value is a list or an object, nobody knows where it ends: what follows belongs to it.
    """
    yield from denied_xml_spans(text, is_denied)
    for found in _QUOTED_NAME.finditer(text):
        if is_denied(_plain(found[2])):
            yield _value(text, found.end())
    for found in _NAME_OF_QUOTED.finditer(text):
        if is_denied(found[1]):
            yield _value(text, found.end())
    for found in (_PAIR if _FORM.fullmatch(text.strip()) else _PAIR_IN_TEXT).finditer(text):
        if _is_denied_parameter(found[1], is_denied):
            yield found.span(2)
    for pattern in (_LINE, _PART):
        for found in pattern.finditer(text):
            if is_denied(found[1]):
                yield found.span(2)


def _plain(name: str) -> str:
    return re.sub(r"\\u([0-9A-Fa-f]{4})", lambda found: chr(int(found[1], 16)), name) if "\\" in name else name


def _is_denied_parameter(name: str, is_denied: Callable[[str], bool]) -> bool:
    plain = unquote_plus(name)
    return is_denied(plain) or is_denied(re.split(r"[\[.]", plain)[-1])


def _value(text: str, at: int) -> Span:
    match text[at : at + 1]:
        case "[" | "{":
            return at, len(text)
        case '"' | "'" as quote:
            return at + 1, _STRINGS[quote].match(text, at + 1).end()  # type: ignore[union-attr]  # it matches nothing too
        case _:
            bare = _BARE.match(text, at)
            return at, bare.end() if bare else at
