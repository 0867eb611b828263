"""Where the values of denied names stand in a text of XML, whole or cut, without building a document of it. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

__all__ = ["denied_xml_spans"]

# Possessive throughout: a text of megabytes must not be remembered step by step.
_TAG = re.compile(r"<(/?)(?:[\w.-]{1,64}+:)?([\w.-]{1,64}+)((?:[^<>\"']++|\"[^\"]*+\"?|'[^']*+'?)*+)(>?)")
_ATTRIBUTE = re.compile(r"(?<![\w.-])(?:[\w.-]{1,64}+:)?([\w.-]{1,64}+)\s*+=\s*+(?:\"([^\"]*+)\"?|'([^']*+)'?)")
_CONTENT = re.compile(rf"<!\[CDATA\[(?:[^\]]++|\](?!\]>))*+(?:\]\]>)?|<!--(?:[^-]++|-(?!->))*+(?:-->)?|{_TAG.pattern}")
"""A tag, or what holds none: CDATA and comments."""

_NAMING = frozenset({"name", "key"})
"""Attributes that name what an element holds: `<Field name="Password">`, `<input name="token" value="...">`."""


def denied_xml_spans(text: str, is_denied: Callable[[str], bool]) -> Iterator[tuple[int, int]]:
    """Where the content of each element of a denied name stands, and the value of each attribute of one.

    Names count without their namespace prefix, and that which an attribute says as well. What is cut off before its
    end goes on to the end of the text.
    """
    at = 0
    while tag := _TAG.search(text, at):
        closing, name, attributes, bracket = tag.groups()
        at = tag.end()
        values = _attributes(text, tag) if "=" in attributes else []
        is_named = any(of in _NAMING and is_denied(text[start:end]) for of, start, end in values)
        for of, start, end in values:
            if is_denied(of) or (is_named and of == "value"):
                yield start, end
        if closing or attributes.rstrip().endswith("/") or not (is_named or is_denied(name)):
            continue
        content = at
        at = _end_of_content(text, at, name) if bracket else len(text)
        # Of HTML, an <input> has no end.
        if is_denied(name) or name.lower() != "input":
            yield content, at
        else:
            at = content


def _attributes(text: str, tag: re.Match[str]) -> list[tuple[str, int, int]]:
    found = _ATTRIBUTE.finditer(text, *tag.span(3))
    return [(one[1], *one.span(2 if one[2] is not None else 3)) for one in found]


def _end_of_content(text: str, at: int, name: str) -> int:
    depth = 1
    for tag in _CONTENT.finditer(text, at):
        if tag[2] == name:
            depth += -1 if tag[1] else not tag[3].rstrip().endswith("/")
        if not depth:
            return tag.start()
    return len(text)
