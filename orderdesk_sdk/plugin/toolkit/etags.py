"""The version of an order that a read shows, for a write that must not go over what somebody else changed since."""

from __future__ import annotations

from orderdesk_sdk.plugin.toolkit.json_response import MalformedResponseError, TextResponse

__all__ = ["etag_of"]


def etag_of(response: TextResponse) -> str:
    """The ETag of a response as it stands there, for `if_match` of the write that follows (RFC 9110, 8.8.3).

    Raises MalformedResponseError where the response has none: without it nothing keeps the write from undoing what
    somebody else changed.
    """
    etag = response.headers.get("etag", "").strip()
    if not etag:
        raise MalformedResponseError("it has no ETag", location=f"reply {response.status_code}")
    return etag
