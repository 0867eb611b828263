"""Denied names in bodies of any format: XML, and what stands in another text, escaped, mixed or cut off."""

from __future__ import annotations

import html
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderdesk_sdk.secret import Secret
from orderdesk_sdk.transport.redaction import Redactor


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("<a><Password>x</Password><b>y</b></a>", "<a><Password>[hidden]</Password><b>y</b></a>"),
        ('<s:Token s:id="1">x<i>y</i></s:Token>z', '<s:Token s:id="1">[hidden]</s:Token>z'),
        ("<name><name>x</name>y</name><c/>", "<name>[hidden]</name><c/>"),
        ("<a><name/>x</a>", "<a><name/>x</a>"),
        ("<a token='x' other=\"y\"/>", "<a token='[hidden]' other=\"y\"/>"),
        ("<a><token>x</tok", "<a><token>[hidden]"),
        ("<a><token", "<a><token[hidden]"),
        ("<a>&lt;token&gt;x&lt;/token&gt; y</a>", "<a>&lt;token&gt;[hidden]&lt;/token&gt; y</a>"),
        ("<a>x &lt;token&gt; y</a>", "<a>x &lt;token&gt;[hidden]"),
        ("<Token><![CDATA[a</Token>b]]></Token><c/>", "<Token>[hidden]</Token><c/>"),
        ("<Token>a<!-- </Token> -->b</Token><c/>", "<Token>[hidden]</Token><c/>"),
        ('<a><field key="Token">x</field>y</a>', '<a><field key="Token">[hidden]</field>y</a>'),
        ('<input key="token" value="x"><p>y</p>', '<input key="token" value="[hidden]"><p>y</p>'),
        ("<a>the key is s3cr3t-of-ours</a>", "<a>the key is [hidden]</a>"),
        ('<Field Key="Token" Value="x"/>', '<Field Key="Token" Value="[hidden]"/>'),
        ('<INPUT KEY="token" VALUE="x"><p>y</p>', '<INPUT KEY="token" VALUE="[hidden]"><p>y</p>'),
        ("<input key=token value=x><p>y</p>", "<input key=token value=[hidden]><p>y</p>"),
        ('<input id="token" value="x"><p>y</p>', '<input id="token" value="[hidden]"><p>y</p>'),
        ('<meta key="token" content="x"><p>y</p>', '<meta key="token" content="[hidden]"><p>y</p>'),
        ("<script>// i<n don't</script><token>x</token>", "<script>// i<n don't</script><token>[hidden]</token>"),
        ('<![CDATA[ a <b "c ]]><token>x</token>', '<![CDATA[ a <b "c ]]><token>[hidden]</token>'),
        ("<!-- if a <b isn't --><token>x</token>", "<!-- if a <b isn't --><token>[hidden]</token>"),
    ],
)
def test_what_has_a_denied_name_is_hidden(text: str, kept: str) -> None:
    redactor = Redactor(["name"], [Secret("s3cr3t-of-ours")])
    assert redactor.redact_body(text) == kept


@given(st.text("<>\"'=/!-[]CDATA ab:\n", max_size=30))
def test_an_element_of_a_denied_name_is_hidden_after_any_markup(before: str) -> None:
    assert "x-9-value" not in Redactor().redact_body(f"{before}<password>x-9-value</password>")


DOCUMENT = '{"client_secret":"x-9-value","other":"y"}'
HIDDEN_DOCUMENT = '{"client_secret":"[hidden]","other":"y"}'


def compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "\n{}"),
        ("callback(", ")"),
        ("<html><script>var s=", "</script></html>"),
        ("<E><![CDATA[", "]]></E>"),
        ("<!-- ", " --><p>y</p>"),
        ("<a data='", "'/>"),
        ("event: said\ndata: ", "\n\n"),
    ],
)
def test_json_within_another_text_shows_no_denied_value(before: str, after: str) -> None:
    assert Redactor().redact_body(before + DOCUMENT + after) == before + HIDDEN_DOCUMENT + after


@pytest.mark.parametrize("text", [DOCUMENT, "<a><token>x-9-value</token></a>", "token=x-9-value&a=1"])
def test_a_byte_order_mark_and_what_was_utf_16_hide_nothing_from_the_redactor(text: str) -> None:
    shown = Redactor().redact_body(text)
    assert shown != text
    assert Redactor().redact_body("\ufeff" + text).removeprefix("\ufeff") == shown
    wide = text.encode("utf-16").decode("utf-8", "replace")
    assert Redactor().redact_body(wide).replace("\0", "").lstrip("\ufffd") == shown


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (json.dumps({"said": DOCUMENT}), compact({"said": HIDDEN_DOCUMENT})),
        (json.dumps([json.dumps({"said": DOCUMENT})]), compact([compact({"said": HIDDEN_DOCUMENT})])),
        ('{"said":"{\\"token\\":[1,2],\\"a\\":1}"}', '{"said":"{\\"token\\":\\"[hidden]\\",\\"a\\":1}"}'),
        ('{"said":"send Bearer <token> x","a":1}', '{"said":"send Bearer <token>[hidden]","a":1}'),
        (json.dumps({"said": "<Password>x-9-value</Password>"}), '{"said":"<Password>[hidden]</Password>"}'),
        (json.dumps({"said": "bad token=x-9-value here"}), '{"said":"bad token=[hidden] here"}'),
        (f'<a data="{html.escape(DOCUMENT)}"/>', f'<a data="{html.escape(HIDDEN_DOCUMENT)}"/>'),
        (f"page=1&said={quote(DOCUMENT)}", f"page=1&said={quote(HIDDEN_DOCUMENT, safe='/[]')}"),
        ("refused: page=1&client%5Fsecret=a%26x-9 (7)", "refused: page=1&client%5Fsecret=[hidden] (7)"),
        ("user[password]=x-9&user[name]=ann", "user[password]=[hidden]&user[name]=ann"),
        ('{"client\\u005fsecret":"a\\"x-9","other":', '{"client\\u005fsecret":"[hidden]","other":'),
        ("{'token': 'x-9', 'other': 'y'}", "{'token': '[hidden]', 'other': 'y'}"),
        ('var accessToken = "x-9"; a({token: "x-9"})', 'var accessToken = "[hidden]"; a({token: "[hidden]"})'),
        ('{"said":"200\\r\\nSet-Cookie: a=x-9; b\\r\\n"}', '{"said":"200\\r\\nSet-Cookie: [hidden]\\r\\n"}'),
        ('{"token" : 129, "a":', '{"token" : [hidden], "a":'),
    ],
)
def test_a_denied_value_is_hidden_beneath_escapes_and_what_stands_around_it_stays(text: str, kept: str) -> None:
    assert Redactor().redact_body(text) == kept


def test_the_part_of_a_form_that_has_a_denied_name_is_hidden() -> None:
    head = '--b\r\nContent-Disposition: form-data; name="client_secret"\r\nContent-Type: text/plain\r\n\r\n'
    shown = Redactor().redact_body(f"{head}x-9\r\n\r\n-x-9\r\n--b--")
    assert shown.startswith(head)
    assert "x-9" not in shown
    other = head.replace("client_secret", "note")
    assert Redactor().redact_body(f"{other}x-9\r\n--b--") == f"{other}x-9\r\n--b--"
