"""A response with its body as a plugin reads it: as it came, or out of gzip, which is all that we say we take."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

import httpx

from orderdesk_sdk.transport.http.failures import ResponseTooLarge
from orderdesk_sdk.transport.http.http11 import RawResponse

__all__ = ["ACCEPTED_ENCODING", "readable_response"]

ACCEPTED_ENCODING = "gzip"
"""The one content coding that is asked for. Others unpack to a thousand times as much at once, or need a library."""

_GZIP = frozenset({"gzip", "x-gzip"})  # The same (RFC 9110, 8.4.1.3).
_PIECE = 64 * 1024
_ENCODING_HEADERS = (b"content-encoding", b"transfer-encoding", b"content-length")


def readable_response(raw: RawResponse, request: httpx.Request, limit: int) -> httpx.Response:
    """The response with its body of at most `limit` bytes, unpacked.

    Raises ResponseTooLarge for a longer one, and httpx.DecodingError for one in another coding than gzip, or in
    several, or that is no gzip or ends within it.
    """
    headers, body = raw.headers, raw.body
    names = [name.lower() for name, _ in headers]
    told = [header[1] for name, header in zip(names, headers, strict=True) if name == b"content-encoding"]
    codings = [coding for value in told for coding in value.decode("latin-1").lower().replace(" ", "").split(",")]
    codings = [coding for coding in codings if coding not in ("", "identity")]
    if len(codings) > 1 or not _GZIP.issuperset(codings):
        raise httpx.DecodingError(
            f"the body is compressed as {', '.join(codings)[:60]!r}, not as gzip", request=request
        )
    if codings:
        body = _collect(_decompress(body, limit, request), limit)
    elif len(body) > limit:
        raise ResponseTooLarge(f"more than {limit} bytes")
    if told or b"transfer-encoding" in names:
        headers = [header for header in headers if header[0].lower() not in _ENCODING_HEADERS]
    return httpx.Response(
        raw.status,
        headers=headers,
        content=body,
        request=request,
        extensions={"http_version": b"HTTP/1.1", "reason_phrase": raw.reason},
    )


def _collect(pieces: Iterator[bytes], limit: int) -> bytes:
    body = bytearray()
    for piece in pieces:
        body += piece
        if len(body) > limit:
            raise ResponseTooLarge(f"more than {limit} bytes")
    return bytes(body)


def _decompress(body: bytes, limit: int, request: httpx.Request) -> Iterator[bytes]:
    """What gzip's members hold (RFC 1952, 2.2), never more of it at once than a step over the limit."""
    member = zlib.decompressobj(16 + zlib.MAX_WBITS)
    packed = body
    try:
        while packed:
            if member.eof:
                packed = packed.lstrip(b"\0")  # Padding, as files have it.
                if not packed:
                    return
                member = zlib.decompressobj(16 + zlib.MAX_WBITS)
            yield member.decompress(packed, min(limit, _PIECE) + 1)
            packed = member.unconsumed_tail or member.unused_data
    except zlib.error as error:
        raise httpx.DecodingError(f"the body is no gzip: {error}", request=request) from None
    if body and not member.eof:
        raise httpx.DecodingError("the body ends within its gzip", request=request)
