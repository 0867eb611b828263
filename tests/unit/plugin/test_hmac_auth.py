"""Signing by a shared secret: what is signed and where it goes is the caller's, the rest is RFC 2104."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx

from orderdesk_sdk.plugin.auth import HmacAuth, iso_timestamp
from orderdesk_sdk.secret import Secret

AT = datetime(2026, 1, 5, 9, 0, 0, 123_456, tzinfo=UTC)


def auth(digest: str = "sha256") -> HmacAuth:
    return HmacAuth(
        Secret("key"),
        lambda request, stamp: "The quick brown fox jumps over the lazy dog" if stamp else "",
        lambda signature, stamp: {"x-signature": signature.hex(), "x-at": stamp},
        digest=digest,
    )


def test_the_signature_is_that_of_published_examples() -> None:
    request = httpx.Request("GET", "https://acme.example")
    auth().sign(request, AT)
    # https://en.wikipedia.org/wiki/HMAC#Examples
    assert request.headers["x-signature"] == "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8"
    auth("sha1").sign(request, AT)
    assert request.headers["x-signature"] == "de7c9b85b8b78aa6bc8a7a36f70a90701c9db4d9"


def test_a_moment_is_written_with_milliseconds_and_z() -> None:
    assert iso_timestamp(AT) == "2026-01-05T09:00:00.123Z"
    assert iso_timestamp(AT.replace(microsecond=0)) == "2026-01-05T09:00:00.000Z"


def test_a_request_that_is_sent_again_is_signed_anew_as_of_now() -> None:
    request = httpx.Request("PUT", "https://acme.example", headers={"x-at": "long ago"})
    before = datetime.now(UTC) - timedelta(milliseconds=1)
    for _ in range(2):
        sent = next(auth().auth_flow(request))
        assert before <= datetime.fromisoformat(sent.headers["x-at"]) <= datetime.now(UTC)
        assert sent.headers.get_list("x-signature") == [sent.headers["x-signature"]]


def test_the_secret_is_not_shown() -> None:
    made = auth()
    assert "'key'" not in f"{made!r} {vars(made)}"
