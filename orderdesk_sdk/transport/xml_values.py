"""Where the values of denied names stand in a text of XML, whole or cut, without building a document of it. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

__all__ = ["denied_xml_spans"]

# Possessive throughout: a text of megabytes must not be remembered step by step.
_TAG = re.compile(r"<(/?)(?:[\w.-]{1,64}+:)?([\w.-]{1,64}+)((?:[^<>=]++|=\s*+(?:\"[^\"]*+\"?|'[^']*+'?)?)*+)(>?)")
"""A quote that follows no = is a sign as any other: text, a script or a comment may hold one after a <."""
_ATTRIBUTE = re.compile(
    r"(?<![\w.-])(?:[\w.-]{1,64}+:)?([\w.-]{1,64}+)\s*+=\s*+(?:\"([^\"]*+)\"?|'([^']*+)'?|([^\s\"'<>]++))"
)
_ELEMENT = re.compile(r"<(?:[\w.-]{1,64}+:)?([\w.-]{1,64}+)(?=[\s>])")
_CONTENT = re.compile(rf"<!\[CDATA\[(?:[^\]]++|\](?!\]>))*+(?:\]\]>)?|<!--(?:[^-]++|-(?!->))*+(?:-->)?|{_TAG.pattern}")
"""A tag, or what holds none: CDATA and comments."""

_NAMING = frozenset({"name", "key"})
"""Attributes that name what an element holds: `<Field Name="Password">`, `<input name=token value="...">`."""
_VALUES = frozenset({"value", "content"})
"""Attributes that hold what such a name, or an `id`, is of."""
_VOID = frozenset({"img", "input", "link", "meta", "param"})
"""Elements of HTML that have no content and no end."""


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
        naming = {of for of, start, end in values if of in (*_NAMING, "id") and is_denied(text[start:end])}
        for of, start, end in values:
            if is_denied(of) or (naming and of in _VALUES):
                yield start, end
        is_held = is_denied(name) or (not naming.isdisjoint(_NAMING) and name.lower() not in _VOID)
        if is_held and not (closing or attributes.rstrip().endswith("/")):
            content = at
            at = _end_of_content(text, at, name) if bracket else len(text)
            yield content, at
    yield from _denied_elements(text, is_denied)


def _denied_elements(text: str, is_denied: Callable[[str], bool]) -> Iterator[tuple[int, int]]:
    """The content of elements whose own name is denied, wherever they begin: a cut attribute may seem to hold them."""
    at = 0
    while tag := _ELEMENT.search(text, at):
        at = tag.end()
        if not is_denied(tag[1]):
            continue
        begins = text.find(">", at)
        if begins < 0:  # What is cut off in its tag was hidden with the tag.
            return
        if text[begins - 1] == "/":
            at = begins + 1
            continue
        end = re.compile(rf"</(?:[\w.-]{{1,64}}+:)?{re.escape(tag[1])}(?![\w.-])").search(text, begins)
        at = end.start() if end else len(text)
        yield begins + 1, at


def _attributes(text: str, tag: re.Match[str]) -> list[tuple[str, int, int]]:
    found = _ATTRIBUTE.finditer(text, *tag.span(3))
    return [(one[1].lower(), *one.span(one.lastindex or 0)) for one in found]


def _end_of_content(text: str, at: int, name: str) -> int:
    depth = 1
    for tag in _CONTENT.finditer(text, at):
        if tag[2] == name:
            depth += -1 if tag[1] else not tag[3].rstrip().endswith("/")
        if not depth:
            return tag.start()
    return len(text)
