"""XML from outside and to outside: what is safe is read, everything else is said to be malformed."""

from __future__ import annotations

import gzip
import zlib

import httpx
import pytest

from orderdesk_sdk.errors import ValidationError
from orderdesk_sdk.plugin.toolkit import xml_response
from orderdesk_sdk.plugin.toolkit.json_response import MalformedResponseError
from orderdesk_sdk.plugin.toolkit.xml_response import element, integer_in, texts_in, to_bytes, xml_root

LAUGHS = (
    b"""<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol1 "&lol;&lol;&lol;">]><lolz>&lol1;</lolz>"""
)
FILE = b"""<!DOCTYPE a [<!ENTITY f SYSTEM "file:///etc/passwd">]><a>&f;</a>"""


def root_of(content: bytes) -> str | None:
    return xml_root(httpx.Response(200, content=content)).text


@pytest.mark.parametrize(
    "content",
    [
        b"<a>Gr\xc3\xbc\xc3\x9fe</a>",
        b'<?xml version="1.0" encoding="ISO-8859-1"?><a>Gr\xfc\xdfe</a>',
        gzip.compress(b"<a>Gr\xc3\xbc\xc3\x9fe</a>", mtime=0),
        "<a>Gr\u00fc\u00dfe</a>".encode("utf-16"),
        b'<?xml version="1.0" encoding="UTF-8"?><a>Gr\xfc\xdfe</a>',
        b"<a>Gr\xfc\xdfe</a>",
        gzip.compress(b"<a>Gr\xfc\xdfe</a>", mtime=0),
        b'<?xml version="1.0" encoding="no-such"?><a>Gr\xfc\xdfe</a>',
    ],
)
def test_a_document_is_read_in_its_own_encoding_or_else_as_cp1252_and_unpacked(content: bytes) -> None:
    assert root_of(content) == "Gr\u00fc\u00dfe"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<a>",
        b"<a>&nbsp;</a>",
        b"{}",
        b"<a>\xff",
        LAUGHS,
        FILE,
        b'<!DOCTYPE a SYSTEM "http://evil.example/a.dtd"><a/>',
        b'<!DOCTYPE a SYSTEM "http://evil.example/a.dtd"><a>\xff</a>',
        LAUGHS.replace(b"<lolz>", b"<lolz>\xff"),
        b"\x1f\x8b",
        gzip.compress(b"<a/>", mtime=0)[:-6],
        b"\x1f\x8bxxxxxxxxxx",
    ],
    ids=repr,
)
def test_what_is_no_xml_or_declares_anything_is_malformed(content: bytes) -> None:
    with pytest.raises(MalformedResponseError, match="not XML that can be read"):
        root_of(content)


def test_a_byte_of_no_encoding_is_replaced_and_costs_nothing_else() -> None:
    root = xml_root(httpx.Response(200, content=b"<a><b>x\x81y\xe9</b><c>1</c></a>"))
    assert (root.findtext("b"), root.findtext("c")) == ("x\ufffdy\u00e9", "1")


@pytest.mark.parametrize(
    "content",
    [
        b'<a xmlns="urn:x"><b c="1">2</b></a>',
        b'<x:a xmlns:x="urn:x"><x:b c="1">2</x:b></x:a>',
        b'<a><b xmlns="" c="1">2</b></a>',
    ],
)
def test_tags_are_read_without_their_namespace(content: bytes) -> None:
    root = xml_root(httpx.Response(200, content=content))
    found = root.find("b")
    assert (root.tag, found is not None and (found.text, found.get("c"))) == ("a", ("2", "1"))


def test_words_and_numbers_are_read_where_they_are() -> None:
    root = xml_root(httpx.Response(200, content=b"<a><b> x </b><c><d>12</d><e/><f>-1</f><g>1.5</g></c></a>"))
    assert texts_in(root, "b", "c/d", "c/e", "none") == ("x", "12")
    assert [integer_in(root, f"c/{tag}") for tag in "defgh"] == [12, None, None, None, None]
    assert integer_in(element("a", element("b", "9" * 5000)), "b") is None


def test_a_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xml_response, "MAX_BYTES", 1000)
    packed = zlib.compressobj(wbits=31)
    content = packed.compress(b"<a>" + b" " * 2000 + b"</a>") + packed.flush()
    with pytest.raises(MalformedResponseError, match="too large"):
        root_of(content)


def test_what_is_written_is_escaped_in_order_and_in_utf_8() -> None:
    made = element("a", element("b", "R&D <\u00fc>"), element("c"), attributes={"x": "1"})
    assert to_bytes(made).decode() == (
        "<?xml version='1.0' encoding='utf-8'?>\n<a x=\"1\"><b>R&amp;D &lt;\u00fc&gt;</b><c /></a>"
    )


@pytest.mark.parametrize("text", ["a\0b", "a\nb", "\x0b", "\ud800"])
def test_a_text_that_xml_cannot_hold_is_refused_before_it_is_sent(text: str) -> None:
    with pytest.raises(ValidationError, match="cannot stand in XML"):
        element("a", text)
