"""XML, read strictly and written whole. A DTD, an entity or a too large document is refused."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from xml.etree import ElementTree as ET

from orderdesk_sdk.errors import ValidationError
from orderdesk_sdk.plugin.toolkit.json_response import MalformedResponseError, TextResponse

__all__ = ["MAX_BYTES", "to_bytes", "element", "integer_in", "texts_in", "xml_root"]

MAX_BYTES = 32 * 1024 * 1024
"""Bytes of a document, unpacked."""

_GZIP = b"\x1f\x8b"


class _NoDtd(ET.TreeBuilder):
    """Builds a tree, and ends the parser where a DTD begins, before an entity can be declared in it."""

    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:  # noqa: ARG002 - expat's
        raise ValueError("it has a DTD")

    def start(self, tag: str, attrs: dict[str, str], /) -> ET.Element:
        return super().start(_local(tag), attrs)

    def end(self, tag: str, /) -> ET.Element:
        return super().end(_local(tag))


def xml_root(response: TextResponse) -> ET.Element:
    """The root element of a body in XML, its tags without namespaces; a gzip file is unpacked first.

    It is read in the encoding that it declares. Where its bytes are not in that encoding, it is read as cp1252, with
    U+FFFD for bytes that are not cp1252 either. Raises MalformedResponseError for anything else, for a document with a
    DTD, and for one that is too large.
    """
    try:
        content = _decompress(response.content)
        try:
            return _parsed(content)
        except (ET.ParseError, LookupError):
            return _parsed(content.decode("cp1252", "replace"))  # Of a text the declared encoding is not asked for.
    except (ET.ParseError, ValueError, LookupError, zlib.error) as error:
        why = f"the body is not XML that can be read: {error}"
        raise MalformedResponseError(why, location=f"reply {response.status_code}") from None


def _parsed(content: bytes | str) -> ET.Element:
    parser = ET.XMLParser(target=_NoDtd())  # noqa: S314 - what makes it unsafe, a DTD, ends it
    parser.feed(content)
    root = parser.close()
    assert isinstance(root, ET.Element)
    return root


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _decompress(content: bytes) -> bytes:
    if not content.startswith(_GZIP):
        return content
    unpacking = zlib.decompressobj(wbits=31)
    unpacked = unpacking.decompress(content, MAX_BYTES)
    if unpacking.unconsumed_tail or not unpacking.eof:
        raise ValueError("it is cut, or too large" if not unpacking.unconsumed_tail else "it is too large")
    return unpacked


def texts_in(parent: ET.Element, *paths: str) -> tuple[str, ...]:
    """The texts at these paths of tags, without the spaces around them. A path without a text is left out."""
    found = ((parent.findtext(path) or "").strip() for path in paths)
    return tuple(word for word in found if word)


def integer_in(parent: ET.Element, path: str) -> int | None:
    """The whole number at a path of tags; None where there is none."""
    words = texts_in(parent, path)
    return int(words[0]) if words and re.fullmatch("[0-9]{1,18}", words[0]) else None


def element(tag: str, *inside: ET.Element | str, attributes: Mapping[str, str] | None = None) -> ET.Element:
    """An element with a text or with elements in it. Raises ValidationError for a text that XML cannot hold."""
    made = ET.Element(tag, dict(attributes or {}))
    for one in inside:
        if isinstance(one, ET.Element):
            made.append(one)
        elif one.isprintable():
            made.text = one
        else:
            raise ValidationError(f"{one!a} cannot stand in XML", location=tag, hint="see the settings and the order")
    return made


def to_bytes(root: ET.Element) -> bytes:
    """The whole document in UTF-8, with its declaration."""
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True))
