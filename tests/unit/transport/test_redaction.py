"""Redaction: no learned secret and no denied field is left in anything that is kept or shown."""

from __future__ import annotations

import hashlib
import html
import json
import re
import tracemalloc
from base64 import b64encode, encodebytes, urlsafe_b64encode
from collections.abc import Callable, Iterator
from unittest.mock import Mock, patch
from urllib.parse import parse_qs, quote, quote_plus, urlsplit
from xml.sax import saxutils

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from orderdesk_devkit.testing.canary import Finder
from orderdesk_sdk.secret import HIDDEN, Secret
from orderdesk_sdk.transport import redaction
from orderdesk_sdk.transport.redaction import REDACTED_NAMES, Redactor

SECRETS = st.text(st.characters(codec="utf-8"), min_size=4, max_size=30)
AROUND = st.text(st.characters(codec="utf-8"), max_size=12)


def redactor(*secrets: str, fields: tuple[str, ...] = ()) -> Redactor:
    return Redactor(fields, [Secret(text) for text in secrets])


def forms(secret: str) -> set[str]:
    """How a secret looks as it is, in URLs and forms, and in JSON as Python, PHP and JavaScript write it."""
    texts = {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    urls = {quote(secret), quote(secret, safe=""), quote_plus(secret)}
    return {secret, *urls, *texts, *(text.replace("/", "\\/") for text in texts)}


def innocent(secret: str, *others: str) -> bool:
    """Whether the secret would not be in the output anyway: in what stands around it, or in the word for hidden."""
    frame = json.dumps(["a", {"b": "c"}]) + "https://api.example/path?page=size=1&q=[hidden]%5Bhidden%5D:{}&x-id"
    return not any(form in text or text in form for form in forms(secret) for text in (frame, HIDDEN)) and not any(
        form in text for form in forms(secret) for other in others for text in forms(other)
    )


@pytest.mark.slow
@given(SECRETS, AROUND, AROUND)
@example("\U00010000000", "\\", "")
@example("000:", "%", "")
@settings(max_examples=300)
def test_a_learned_secret_is_in_no_output_in_any_form(secret: str, before: str, after: str) -> None:
    assume(innocent(secret, before, after, before + after))
    hide = redactor(secret)
    document = {"a": [before, {"b": before + secret + after}], before + "x": 1}
    shown = [hide.redact_text(before + form + after) for form in forms(secret)]
    shown += [hide.redact_body(before + form + after) for form in forms(secret)]
    shown += [hide.redact_headers({"x-id": form}, ["x-id"])["x-id"] for form in forms(secret)]
    shown += [hide.redact_body(json.dumps(document)), hide.redact_body(json.dumps(document, ensure_ascii=False))]
    shown += [
        hide.redact_body(json.dumps(document).replace("/", "\\/")),
        hide.redact_body(json.dumps(document, indent=1)),
    ]
    shown += [hide.redact_body(f"page=1&q={quoted(secret)}") for quoted in (quote, quote_plus)]
    shown += [hide.redact_url(f"https://api.example/path/{quote(secret, safe='')}?page=1&q={quote_plus(secret)}")]
    shown += [hide.redact_url(f"https://api.example/path?{quote(secret, safe='')}=1")]
    for output in shown:
        for form in forms(secret):
            assert form not in output, (form, output)


@pytest.mark.slow
@given(
    st.recursive(
        st.one_of(st.none(), st.integers(), st.text(max_size=5)),
        lambda inner: st.one_of(
            st.lists(inner, max_size=3),
            st.dictionaries(st.sampled_from(["id", "Token", "api_key", "note"]), inner),
        ),
        max_leaves=8,
    )
)
@settings(max_examples=200)
def test_denied_fields_are_hidden_at_every_depth_and_nothing_else_changes(document: object) -> None:
    def hidden(value: object) -> object:
        if isinstance(value, dict):
            return {name: HIDDEN if name in ("Token", "api_key") else hidden(inner) for name, inner in value.items()}
        return [hidden(inner) for inner in value] if isinstance(value, list) else value

    if isinstance(document, dict | list):
        assert json.loads(Redactor().redact_body(json.dumps(document))) == hidden(document)


@given(st.integers(0, 200), st.sampled_from(["x-9-value", 12345678, ["x-9-value"], {"a": "x-9-value"}, 'x-9-value"\\']))
@settings(max_examples=300)
def test_denied_fields_are_hidden_in_json_that_was_cut_anywhere(length: int, value: object) -> None:
    document = {"id": 7, "note": 'a "quoted" \\ word', "inner": [{"refresh_token": value}], "rest": "x"}
    for indent in (None, 2):
        shown = Redactor().redact_body(json.dumps(document, indent=indent)[:length])
        assert "x-9" not in shown
        assert "1234" not in shown


def test_after_a_denied_list_in_broken_json_nothing_is_shown() -> None:
    assert Redactor().redact_body('{"id":1,"secret":["a","b"],"other":"c"') == '{"id":1,"secret":[hidden]'


@pytest.mark.parametrize(
    "name", ["Authorization", "X-Api-Key", "refresh_token", "clientSecret", "Set-Cookie", "PASSWORD"]
)
def test_names_are_denied_however_they_are_written(name: str) -> None:
    assert Redactor().is_redacted(name)
    assert Redactor().redact_body(json.dumps({name: "abc"})) == json.dumps({name: HIDDEN}, separators=(",", ":"))
    assert "abc" not in Redactor().redact_body(f"id=1&{name}=abc&page=2")
    assert "abc" not in Redactor().redact_url(f"https://api.example/?{name}=abc&page=2")
    assert Redactor().redact_headers({name.lower(): "abc"}, [name.lower()]) == {}


def test_a_plugin_names_further_fields() -> None:
    hide = redactor(fields=("Card-Number",))
    assert hide.redact_body('{"cardNumber": 4111, "id": 1}') == '{"cardNumber":"[hidden]","id":1}'
    assert Redactor().redact_body('{"cardNumber": 4111, "id": 1}') == '{"cardNumber": 4111, "id": 1}'
    assert not Redactor().is_redacted("id")
    assert "token" in REDACTED_NAMES


@pytest.mark.parametrize(
    ("form", "shown"),
    [
        ("grant_type=refresh&refresh_token=abc", "grant_type=refresh&refresh_token=[hidden]"),
        ("client%5Fsecret=abc&x=1", "client%5Fsecret=[hidden]&x=1"),
        ("token=abc&cli", "token=[hidden]&cli"),
        ("flag&token=abc", "flag&token=[hidden]"),
        ("a=1&&token=abc=d", "a=1&&token=[hidden]"),
        ("a=%20b+c&e=", "a=%20b+c&e="),
    ],
)
def test_denied_values_of_forms_are_hidden_and_the_rest_stays_as_it_was(form: str, shown: str) -> None:
    assert Redactor().redact_body(form) == shown


@pytest.mark.parametrize(
    "text", ["", "hello", "<html>a=b</html>", "a b=c", '"text"', "[1,2]", '{"a": 1.50}', "{broken"]
)
def test_what_holds_no_secret_stays_as_it_was(text: str) -> None:
    assert redactor("another-secret").redact_body(text) == text


def test_the_second_of_two_equal_keys_does_not_uncover_the_first() -> None:
    assert "abc" not in Redactor().redact_body('{"a":{"token":"abc"},"a":1}')


@pytest.mark.parametrize("depth", [100, 600, 900, 100_000])
def test_a_body_nested_deeper_than_python_can_follow_is_kept_without_its_secrets(depth: int) -> None:
    shown = redactor("s3cret-key").redact_body("[" * depth + '{"token":"abc","x":"s3cret-key"}' + "]" * depth)
    assert "abc" not in shown
    assert "s3cret-key" not in shown


def test_urls_lose_user_information_and_fragment_and_keep_the_rest() -> None:
    shown = Redactor().redact_url("https://ann:pass@api.example:8443/orders/1042?page=2&sort=a%20b&token=abc#part")
    parts = urlsplit(shown)
    assert (parts.netloc, parts.path, parts.fragment) == ("api.example:8443", "/orders/1042", "")
    assert parse_qs(parts.query) == {"page": ["2"], "sort": ["a b"], "token": [HIDDEN]}


def test_only_chosen_headers_are_kept() -> None:
    headers = {"content-type": "text/html", "x-id": "7 s3cret-key", "set-cookie": "a=b"}
    shown = redactor("s3cret-key").redact_headers(headers, ["content-type", "x-id", "set-cookie", "absent"])
    assert shown == {"content-type": "text/html", "x-id": f"7 {HIDDEN}"}


def test_the_longer_of_two_secrets_is_hidden_whole() -> None:
    assert redactor("s3cret", "s3cret-key-2").redact_text("a s3cret-key-2 b s3cret c") == "a [hidden] b [hidden] c"


def test_a_secret_is_hidden_from_when_it_is_learned_and_a_short_one_never() -> None:
    hide = redactor("abc")
    assert hide.redact_text("abc abcdef") == "abc abcdef"
    hide.add_secret(Secret("abcdef"))
    assert hide.redact_text("abc abcdef") == "abc [hidden]"


# In every form that leaves us


def encodings(secret: str) -> dict[str, str]:
    """The secret, and a user with it, as services may quote what they were sent."""
    login = f"ann:{secret}".encode()
    forms = {
        "plain": secret,
        "URL": quote(secret, safe=""),
        "URL, lower case": re.sub("%[0-9A-F]{2}", lambda found: found[0].lower(), quote(secret, safe="")),
        "URL, every character": "".join(f"%{byte:02x}" for byte in secret.encode()),
        "form": quote_plus(secret),
        "twice URL": quote(quote(secret, safe=""), safe=""),
        "JSON": json.dumps(secret)[1:-1],
        "JSON of PHP": json.dumps(secret)[1:-1].replace("/", "\\/").replace("&", "\\u0026").replace("<", "\\u003C"),
        "JSON in JSON": json.dumps(json.dumps(secret))[1:-1],
        "HTML": html.escape(secret),
        "HTML, numbers": "".join(f"&#{ord(char)};" for char in secret),
        "HTML, hexadecimal": "".join(f"&#x{ord(char):X};" for char in secret),
        "XML": saxutils.escape(secret, {'"': "&quot;", "'": "&apos;"}),
        "HTML in JSON": json.dumps(html.escape(secret))[1:-1],
        "URL in HTML in JSON": json.dumps(html.escape(quote_plus(secret)))[1:-1],
        "repr": repr(secret)[1:-1],
        "repr of bytes": repr(secret.encode())[2:-1],
    }
    for name, encode in {"base64": b64encode, "URL-safe base64": urlsafe_b64encode}.items():
        for ahead in ("", "a", "ab", "abc"):
            forms[f"{name} behind {ahead!r}"] = encode(f"{ahead}{secret}".encode()).decode()
            forms[f"{name} behind {ahead!r}, going on"] = encode(f"{ahead}{secret}, and more".encode()).decode()
        forms[f"{name} of a login"] = encode(login).decode()
        forms[f"{name} of a login, unpadded"] = encode(login).decode().rstrip("=")
        forms[f"{name} of a login, URL"] = quote(encode(login).decode(), safe="")
        forms[f"{name} of a login, JSON of PHP"] = encode(login).decode().replace("/", "\\/")
    return forms


KEYS = ["s3cr3t|8d2f/6a1b+9c07", "p&ss<w>rd'\"\\x", "pässwörd-1€", "a b c d e f g", "100%25+%41", "x" * 300]


@pytest.mark.parametrize("secret", KEYS, ids=ascii)
@pytest.mark.parametrize("form", encodings(""))
def test_a_secret_is_hidden_in_every_form_that_a_service_may_quote(form: str, secret: str) -> None:
    said = encodings(secret)[form]
    hide = redactor(secret)
    for text in (said, f"bad {said} here", f'{{"error": "Basic {said}"}}', f"<p>{said}</p>", f"a={said}&b=1"):
        for shown in (hide.redact_text(text), hide.redact_body(text), hide.redact_log(text)):
            assert said not in shown
            assert secret not in shown
            assert Finder(secret).found(shown) == set()


@pytest.mark.parametrize("secret", KEYS, ids=ascii)
def test_what_stands_around_a_secret_stays(secret: str) -> None:
    for said in (secret, quote(secret, safe=""), html.escape(secret), json.dumps(secret)[1:-1]):
        assert redactor(secret).redact_text(f"<a> %41 {said} &amp; \\n") == "<a> %41 [hidden] &amp; \\n"


@pytest.mark.parametrize("text", ["100 %", "%zz &nbsp; &unknown; \\u12 \\q &#99999999;", "a%41 &amp; \\u0041 %FF %C3"])
def test_escapes_without_a_secret_stay_as_they_are(text: str) -> None:
    assert redactor("another-secret").redact_text(text) == text


@pytest.mark.parametrize("secret", ["s3cr3t|8d2f/6a1b+9c07", "x1y2z3" * 40])
def test_a_secret_is_hidden_across_the_lines_of_a_mail_and_in_what_was_another_charset(secret: str) -> None:
    hide = redactor(secret)
    login = f"ann:{secret}".encode()
    for said in (encodebytes(login).decode(), json.dumps(encodebytes(login).decode())):
        assert Finder(secret).found(hide.redact_text(said).replace("\\n", "").replace("\n", "")) == set()
    folded = "=\r\n".join(secret[at : at + 10] for at in range(0, len(secret), 10))
    assert hide.redact_text(f"<{folded}>") == "<[hidden]>"
    wide = json.dumps({"error": secret}).encode("utf-16-le").decode("utf-8", "replace")
    assert secret not in hide.redact_body(wide).replace("\0", "")


def test_a_digest_is_no_secret() -> None:
    digest = hashlib.sha256(b"s3cret-key").hexdigest()
    assert redactor("s3cret-key").redact_text(digest) == digest


@pytest.mark.parametrize("behind", ["", "...", "\u2026", "%", "%2", "\\u00", "&am"])
@pytest.mark.parametrize(
    "encode", [str, lambda text: quote(text, safe=""), html.escape], ids=["as it is", "URL", "HTML"]
)
def test_the_beginning_of_a_secret_is_hidden_where_a_text_was_cut(encode: Callable[[str], str], behind: str) -> None:
    shown = redactor("s3cr3t|8d2f/6a1b+9c07").redact_text(f"it is {encode('s3cr3t|8d2f/6a1b')}{behind}")
    assert shown == "it is [hidden]"


def test_a_login_in_a_url_is_shown_nowhere() -> None:
    for text in (
        "see https://ann:pa55@api.example/x",
        'at "https:\\/\\/ann:pa55@api.example"',
        "https%3A%2F%2Fann:pa55%40h",
    ):
        assert "pa55" not in redactor().redact_text(text)
    assert (
        redactor().redact_text("mail ann@example.com, see https://x.example/a@b")
        == "mail ann@example.com, see https://x.example/a@b"
    )


@pytest.mark.slow
def test_many_tokens_do_not_make_one_forgotten_that_is_in_use() -> None:
    hide = redactor()
    for number in range(2000):
        hide.add_secret(Secret("the-token-in-use"))
        hide.add_secret(Secret(f"token-number-{number:04}"))
    assert hide.redact_text("the-token-in-use token-number-1999 token-number-1800") == "[hidden] [hidden] [hidden]"
    assert hide.redact_text("token-number-0001") == "token-number-0001", "what is remembered is bounded"


# What it costs


class Counting(Redactor):
    def __init__(self, *secrets: Secret) -> None:
        super().__init__((), secrets)
        self.looks = 0

    def _secret(self, view: str) -> Iterator[tuple[int, int]]:
        self.looks += 1
        return super()._secret(view)


def test_a_body_of_many_values_is_looked_through_once() -> None:
    hide = Counting(*(Secret(f"token-{number:06}-of-many") for number in range(64)))
    document = [{"id": number, "name": "x", "said": "token-000007-of-many"} for number in range(5000)]
    assert "token-000007" not in hide.redact_body(json.dumps(document))
    assert hide.looks == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        '{"a": "' + "x" * 2_000_000,
        '{"token": "' + "x" * 2_000_000,
        '{"a": "' + '\\"' * 1_000_000,
        "a=1&" * 500_000,
        '"' * 2_000_000,
        '{"a":' * 400_000,
    ],
    ids=["open", "open and denied", "escapes", "form", "quotes", "nested"],
)
def test_a_long_broken_body_takes_no_more_memory_than_some_copies_of_it(text: str) -> None:
    hide = redactor("s3cret-key")
    hide.redact_body(text[:1000])
    tracemalloc.start()
    try:
        hide.redact_body(text)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 60 * len(text)


@given(
    st.lists(
        st.sampled_from(
            [
                *('{"a":', '"token"', ": ", '"x"', "}", "[", "]", ",", "1", "\\u0041", " ", "acme-", "acme-secret"),
                *("%61", "@", '"', '"access_token":', "\n", "https://", "h/", "?", "token=", "&", "YWNtZS1zZWNyZXQ="),
            ]
        ),
        max_size=12,
    )
)
def test_a_text_with_nothing_in_it_is_let_through_as_if_it_had_been_searched(parts: list[str]) -> None:
    text = "".join(parts)
    cleaning = redactor("acme-secret")
    quick = cleaning.redact_text(text), cleaning.redact_body(text), cleaning.redact_url(f"https://h/{text}")
    with (
        patch.object(redaction, "_SPECIAL", re.compile("")),
        patch.object(redaction, "names_may_be_in", Mock(return_value=True)),
        patch.object(redaction, "_PLAIN_URL", re.compile("(?!)")),
    ):
        searched = cleaning.redact_text(text), cleaning.redact_body(text), cleaning.redact_url(f"https://h/{text}")
    assert quick == searched
