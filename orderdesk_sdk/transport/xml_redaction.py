"""Hiding the values of denied names in a text of XML, whole or cut, without building a document of it. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable

from orderdesk_sdk.secret import HIDDEN

__all__ = ["redact_xml"]

# Possessive throughout: a text of megabytes must not be remembered step by step.
_TAG = re.compile(r"<(/?)(?:[\w.-]{1,64}+:)?([\w.-]{1,64}+)((?:[^<>\"']++|\"[^\"]*+\"?|'[^']*+'?)*+)(>?)")
_ATTRIBUTE = re.compile(r"(?<![\w.-])((?:[\w.-]{1,64}+:)?([\w.-]{1,64}+)\s*+=\s*+)(?:\"[^\"]*+\"?|'[^']*+'?)")


def redact_xml(text: str, is_redacted: Callable[[str], bool]) -> str:
    """The text with the content of each element of a denied name hidden, and the value of each attribute of one.

    Names count without their namespace prefix. What is cut off before its end is hidden to the end of the text.
    """
    kept: list[str] = []
    end = depth = 0
    hidden_name = ""
    for tag in _TAG.finditer(text):
        closing, name, attributes, bracket = tag.groups()
        opens = not closing and not attributes.rstrip().endswith("/")
        if depth:
            if name == hidden_name:
                depth += opens - bool(closing)
            if not depth:
                end = tag.start()
            continue
        kept += text[end : tag.start()], _without_values(tag[0], attributes, is_redacted)
        end = tag.end()
        if opens and is_redacted(name):
            kept.append(HIDDEN)
            depth, hidden_name = 1, name
            if not bracket:
                return "".join(kept)
    return "".join(kept) + ("" if depth else text[end:])


def _without_values(tag: str, attributes: str, is_redacted: Callable[[str], bool]) -> str:
    if "=" not in attributes:
        return tag

    def value(match: re.Match[str]) -> str:
        return f'{match[1]}"{HIDDEN}"' if is_redacted(match[2]) else match[0]

    return _ATTRIBUTE.sub(value, tag)
