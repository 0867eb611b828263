"""The body of a response, read whole within a bound: as it came, or out of gzip, which is all that we say we take."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

import httpx

from orderdesk_sdk.transport.http.failures import ResponseTooLarge

__all__ = ["ACCEPTED_ENCODING", "read_whole"]

ACCEPTED_ENCODING = "gzip"
"""The one content coding that is asked for. Others unpack to a thousand times as much at once, or need a library."""

_GZIP = frozenset({"gzip", "x-gzip"})  # The same (RFC 9110, 8.4.1.3).
_PIECE = 64 * 1024
_ENCODING_HEADERS = ("content-encoding", "transfer-encoding", "content-length")


def read_whole(response: httpx.Response, request: httpx.Request, limit: int) -> httpx.Response:
    """The response with its body of at most `limit` bytes, unpacked.

    Raises ResponseTooLarge for a longer one, and httpx.DecodingError for one in another coding than gzip, or in
    several, or that is no gzip or ends within it.
    """
    codings = [coding.lower() for coding in response.headers.get_list("content-encoding", split_commas=True)]
    codings = [coding for coding in codings if coding not in ("", "identity")]
    if not codings:
        length = response.headers.get("content-length", "")
        # A length beside chunks says nothing (RFC 9112, 6.3).
        plain = "content-encoding" not in response.headers and "transfer-encoding" not in response.headers
        if plain and length.isdigit() and int(length) <= limit:
            response.read()
            return response
        body = _collect(response.iter_raw(_PIECE), limit)
    elif len(codings) > 1 or codings[0] not in _GZIP:
        raise httpx.DecodingError(
            f"the body is compressed as {', '.join(codings)[:60]!r}, not as gzip", request=request
        )
    else:
        body = _collect(_decompress(response.iter_raw(_PIECE), limit, request), limit)
    headers = [(name, value) for name, value in response.headers.multi_items() if name not in _ENCODING_HEADERS]
    return httpx.Response(response.status_code, headers=headers, content=body, request=request)


def _collect(pieces: Iterator[bytes], limit: int) -> bytes:
    body = bytearray()
    for piece in pieces:
        body += piece
        if len(body) > limit:
            raise ResponseTooLarge(f"more than {limit} bytes")
    return bytes(body)


def _decompress(pieces: Iterator[bytes], limit: int, request: httpx.Request) -> Iterator[bytes]:
    """What gzip's members hold (RFC 1952, 2.2), never more of it at once than a step over the limit."""
    member = zlib.decompressobj(16 + zlib.MAX_WBITS)
    begun = False
    try:
        for piece in pieces:
            packed = piece
            while packed:
                if member.eof:
                    packed = packed.lstrip(b"\0")  # Padding, as files have it.
                    if not packed:
                        break
                    member = zlib.decompressobj(16 + zlib.MAX_WBITS)
                begun = True
                yield member.decompress(packed, min(limit, _PIECE) + 1)
                packed = member.unconsumed_tail or member.unused_data
    except zlib.error as error:
        raise httpx.DecodingError(f"the body is no gzip: {error}", request=request) from None
    if begun and not member.eof:
        raise httpx.DecodingError("the body ends within its gzip", request=request)
