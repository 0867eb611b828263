"""HTTP/1.1 as bytes: how a request is written, and how its response is read.

What is plain is written and read here, by one pattern each: CRLF at every line's end, no header that speaks of the
connection or of a transfer coding, and a body of one stated length. All else (chunks, interim responses, bodies that
end with the connection, folded lines, whatever breaks the rules) is h11's to write, to read or to refuse. A test holds
both against each other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import h11
import httpx
from attrs import frozen

from orderdesk_sdk.transport.http.failures import ResponseTooLarge

__all__ = ["EncodedRequest", "RawRequest", "RawResponse", "encode_request", "read_response"]

Headers = Sequence[tuple[bytes, bytes]]

_TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]++"  # RFC 9110, 5.6.2
_REQUEST = re.compile(rb"[A-Z]++ [!-~]++ HTTP/1\.1\r\n(?:" + _TOKEN + rb": (?:[!-~]++(?: ++[!-~]++)*+)?\r\n)++\r\n")
_RESPONSE = re.compile(
    rb"HTTP/1\.1 ([2-5][0-9]{2})(?: ([\t -~]*+))?\r\n((?:" + _TOKEN + rb":[\t -~]*+\r\n)*+)\r\n", re.DOTALL
)
_HEADER = re.compile(rb"([^:]++):([^\r]*+)\r\n")
_HEAD_END = re.compile(rb"\n\r?\n")
_NOT_PLAIN = frozenset({b"transfer-encoding", b"connection", b"upgrade", b"expect", b"te", b"trailer"})
_LENGTH = re.compile(rb"[0-9]{1,15}")
_BODILESS_STATUSES = (204, 304)
_MAX_PLAIN_HEAD = 64 * 1024
_MAX_HEAD = 100 * 1024
"""Bytes of a response's head, or of a chunk's, beyond which h11 takes it for no HTTP."""


@frozen
class RawRequest:
    """A request as it is written. headers: with Host, as the plugin and httpx spelled them."""

    method: bytes
    target: bytes
    headers: Headers
    body: bytes


@frozen
class EncodedRequest:
    """A request and its bytes. is_plain: nothing in it changes how its response is framed."""

    request: RawRequest
    data: bytes
    is_plain: bool


@frozen
class RawResponse:
    """A response that was received whole.

    Args:
        may_reuse: another request may be sent over the same connection.
    """

    status: int
    reason: bytes
    headers: Headers
    body: bytes
    may_reuse: bool


def encode_request(request: RawRequest) -> EncodedRequest:
    """The request's bytes. Raises httpx.LocalProtocolError for what breaks HTTP; then none of it is sent."""
    if _is_plain(request):
        lines = b"".join([b"%b: %b\r\n" % header for header in request.headers])
        head = b"%b %b HTTP/1.1\r\n%b\r\n" % (request.method, request.target, lines)
        if _REQUEST.fullmatch(head):
            return EncodedRequest(request, head + request.body, is_plain=True)
    return EncodedRequest(request, _encode_by_h11(h11.Connection(h11.CLIENT), request), is_plain=False)


def _is_plain(request: RawRequest) -> bool:
    """Whether its framing is: one Host, and the body's own length, which only an empty one may leave unsaid."""
    if request.method == b"HEAD":
        return False
    names = [name.lower() for name, _ in request.headers]
    if names.count(b"host") != 1 or not _NOT_PLAIN.isdisjoint(names):
        return False
    lengths = [value for name, value in request.headers if name.lower() == b"content-length"]
    return lengths == [b"%d" % len(request.body)] if lengths else not request.body


def _encode_by_h11(parser: h11.Connection, request: RawRequest) -> bytes:
    try:
        return b"".join(
            parser.send(event) or b""
            for event in (
                h11.Request(method=request.method, target=request.target, headers=list(request.headers)),
                h11.Data(data=request.body),
                h11.EndOfMessage(),
            )
        )
    except h11.LocalProtocolError as error:
        raise httpx.LocalProtocolError(str(error)) from error


def read_response(sent: EncodedRequest, receive: Callable[[], bytes], limit: int) -> RawResponse:
    """The response to a request that was sent, with a body of at most `limit` bytes.

    Raises httpx.RemoteProtocolError for what is no whole response and ResponseTooLarge for a longer one.

    Args:
        receive: the next bytes of the connection, b"" at its end; raises what it fails with.
    """
    received, searched = receive(), 0
    while not _HEAD_END.search(received, searched) and len(received) < _MAX_PLAIN_HEAD:
        searched = max(0, len(received) - 2)  # The end may have begun.
        more = receive()
        if not more:
            break
        received += more
    head = _RESPONSE.match(received) if sent.is_plain else None
    if head is not None:
        headers = [(name, value.strip()) for name, value in _HEADER.findall(head[3])]
        status, length = int(head[1]), _plain_length(headers)
        if length is not None and status not in _BODILESS_STATUSES:
            body, is_exact = _read_body(received[head.end() :], length, receive, limit)
            return RawResponse(status, head[2] or b"", headers, body, is_exact)
    return _read_by_h11(sent.request, received, receive, limit)


def _plain_length(headers: Headers) -> int | None:
    """The length of the body, where nothing but one Content-Length says how it is framed; else None."""
    names = [name.lower() for name, _ in headers]
    if names.count(b"content-length") != 1 or not _NOT_PLAIN.isdisjoint(names):
        return None
    length = headers[names.index(b"content-length")][1]
    return int(length) if _LENGTH.fullmatch(length) else None


def _read_body(begun: bytes, length: int, receive: Callable[[], bytes], limit: int) -> tuple[bytes, bool]:
    """The body, and whether nothing came behind it."""
    if length > limit:
        raise ResponseTooLarge(f"more than {limit} bytes")
    pieces, size = [begun], len(begun)
    while size < length:
        piece = receive()
        if not piece:
            raise httpx.RemoteProtocolError(
                "peer closed connection without sending complete message body "
                f"(received {size} bytes, expected {length})"
            )
        pieces.append(piece)
        size += len(piece)
    return b"".join(pieces)[:length], size == length


def _read_by_h11(request: RawRequest, received: bytes, receive: Callable[[], bytes], limit: int) -> RawResponse:
    parser = h11.Connection(h11.CLIENT, max_incomplete_event_size=_MAX_HEAD)
    _encode_by_h11(parser, request)  # So that it knows what the response is to.
    head: h11.Response | None = None
    body = bytearray()
    try:
        parser.receive_data(received)
        while True:
            event = parser.next_event()
            match event:
                case h11.NEED_DATA:
                    more = receive()
                    if not more and head is None:
                        raise httpx.RemoteProtocolError("Server disconnected without sending a response.")
                    parser.receive_data(more)
                case h11.Response():
                    head = event
                case h11.Data():
                    body += event.data
                    if len(body) > limit:
                        raise ResponseTooLarge(f"more than {limit} bytes")
                case h11.InformationalResponse():
                    pass  # What it tells of comes later.
                case h11.EndOfMessage() if head is not None:
                    is_kept = parser.states == {h11.CLIENT: h11.DONE, h11.SERVER: h11.DONE}
                    may_reuse = is_kept and parser.trailing_data == (b"", False)
                    return RawResponse(head.status_code, head.reason, head.headers.raw_items(), bytes(body), may_reuse)
                case _:
                    raise httpx.RemoteProtocolError("the service wants to speak another protocol")
    except h11.RemoteProtocolError as error:
        raise httpx.RemoteProtocolError(str(error)) from error
