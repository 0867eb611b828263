"""Denied names in XML: elements, whatever is in them, attributes, and what was cut off before its end."""

from __future__ import annotations

import pytest

from orderdesk_sdk.secret import Secret
from orderdesk_sdk.transport.redaction import Redactor


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("<a><Password>x</Password><b>y</b></a>", "<a><Password>[hidden]</Password><b>y</b></a>"),
        ('<s:Token s:id="1">x<i>y</i></s:Token>z', '<s:Token s:id="1">[hidden]</s:Token>z'),
        ("<name><name>x</name>y</name><c/>", "<name>[hidden]</name><c/>"),
        ("<a><name/>x</a>", "<a><name/>x</a>"),
        ("<a token='x' other=\"y\"/>", '<a token="[hidden]" other="y"/>'),
        ("<a><token>x</tok", "<a><token>[hidden]"),
        ("<a><token", "<a><token[hidden]"),
        ("<a>x &lt;token&gt; y</a>", "<a>x &lt;token&gt; y</a>"),
        ("<a>the key is s3cr3t-of-ours</a>", "<a>the key is [hidden]</a>"),
    ],
)
def test_what_has_a_denied_name_is_hidden(text: str, kept: str) -> None:
    redactor = Redactor(["name"], [Secret("s3cr3t-of-ours")])
    assert redactor.redact_body(text) == kept
