"""HTTP/1.1 as bytes: what is read and written here is what h11 reads and writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress

import h11
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderdesk_sdk.transport.http import http11
from orderdesk_sdk.transport.http.failures import ResponseTooLarge
from orderdesk_sdk.transport.http.http11 import RawRequest, RawResponse, encode_request, read_response

HOST = (b"Host", b"shop.example")
PUT = RawRequest(b"PUT", b"/orders/1?a=b", (HOST, (b"Content-Length", b"2")), b"{}")
LIMIT = 1000


def arriving(data: bytes, size: int) -> Callable[[], bytes]:
    """The connection that data comes over in pieces of this size, closed after it."""
    pieces: Iterator[bytes] = iter([data[at : at + size] for at in range(0, len(data), size)])
    return lambda: next(pieces, b"")


def read(data: bytes, size: int = 1 << 16, request: RawRequest = PUT) -> RawResponse:
    return read_response(encode_request(request), arriving(data, size), LIMIT)


def result(data: bytes, size: int, *, is_plain: bool) -> object:
    """What is read of data, or what kind of error, by the pattern where `is_plain`, else by h11 alone."""
    sent = http11.EncodedRequest(PUT, encode_request(PUT).data, is_plain=is_plain)
    try:
        return read_response(sent, arriving(data, size), LIMIT)
    except (httpx.RemoteProtocolError, ResponseTooLarge) as error:
        return type(error)


TOKENS = st.sampled_from(
    [b"X-Id", b"content-type", b"Content-Length", b"connection", b"transfer-encoding", b"x y", b""]
)
VALUES = st.sampled_from(
    [
        b"7",
        b"2",
        b"0",
        b"02",
        b"+2",
        b"2, 2",
        b"close",
        b"keep-alive",
        b"chunked",
        b"a  b",
        b"",
        b"\xe9",
        b"a\tb",
        b"\x00",
    ]
)
ENDS = st.sampled_from([b"\r\n", b"\r\n", b"\r\n", b"\n", b"\r\n "])
STARTS = st.sampled_from(
    [
        *(b"HTTP/1.1 200 OK", b"HTTP/1.1 404 ", b"HTTP/1.1 200", b"HTTP/1.0 200 OK", b"HTTP/1.1 204 No"),
        *(b"HTTP/1.1 304 Not", b"HTTP/1.1 103 Early", b"HTTP/1.1 101 Other", b"HTTP/2 200", b"HTTP/1.1 20 OK"),
        *(b"HTTP/1.1 999 Odd", b"HTTP/1.1 200 \xe9", b""),
    ]
)
BODIES = st.sampled_from([b"{}", b"", b"{", b"{} and more", b"2\r\n{}\r\n0\r\n\r\n", b"x" * 2000])
LINES = st.lists(st.tuples(TOKENS, st.sampled_from([b": ", b":", b" : ", b":  "]), VALUES, ENDS), max_size=4)


@given(STARTS, ENDS, LINES, BODIES, st.sampled_from([1, 3, 1 << 16]))
def test_what_a_response_says_is_what_h11_reads(
    start: bytes, end: bytes, lines: list[tuple[bytes, ...]], body: bytes, size: int
) -> None:
    data = start + end + b"".join(b"".join(line) for line in lines) + b"\r\n" + body
    ours, judge = result(data, size, is_plain=True), result(data, size, is_plain=False)
    if isinstance(ours, RawResponse) and isinstance(judge, RawResponse):
        # h11 does not look behind the body before somebody asks for more; what stands there was asked for by nobody.
        assert not (ours.may_reuse and not judge.may_reuse)
        judge = RawResponse(judge.status, judge.reason, judge.headers, judge.body, ours.may_reuse)
    assert ours == judge


@given(
    st.sampled_from([b"PUT", b"GET", b"put", b"P T", b""]),
    st.sampled_from([b"/orders/1", b"/a b", b"/\xc3\xa9", b""]),
    st.lists(
        st.tuples(
            st.sampled_from([b"Host", b"x-id", b"content-length", b"Transfer-Encoding", b"connection", b"x y"]),
            st.sampled_from([b"shop.example", b"2", b"3", b"chunked", b"close", b"two\nlines", b" a ", b"\xe9", b""]),
        ),
        max_size=4,
    ),
    st.sampled_from([b"", b"{}"]),
)
def test_what_is_sent_is_what_h11_would_send(
    method: bytes, target: bytes, headers: list[tuple[bytes, bytes]], body: bytes
) -> None:
    request = RawRequest(method, target, headers, body)
    made: bytes | None = None
    with suppress(httpx.LocalProtocolError):  # Then h11 refuses it too, below.
        made = encode_request(request).data
    parser = h11.Connection(h11.CLIENT)
    try:
        judge = b"".join(
            parser.send(event) or b""
            for event in (
                h11.Request(method=method, target=target, headers=headers),
                h11.Data(data=body),
                h11.EndOfMessage(),
            )
        )
    except h11.LocalProtocolError:
        assert made is None
    else:
        assert made is not None
        head, _, rest = made.partition(b"\r\n\r\n")
        theirs, _, their_rest = judge.partition(b"\r\n\r\n")
        assert sorted(head.split(b"\r\n")) == sorted(theirs.split(b"\r\n")), "h11 puts Host first"
        assert rest == their_rest


@pytest.mark.parametrize("size", [1, 7, 1 << 16])
def test_chunks_and_interim_responses_are_read_by_h11(size: int) -> None:
    data = (
        b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n"
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-Id: 7\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
    )
    found = read(data, size)
    assert (found.status, found.body, found.may_reuse) == (200, b"{}", True)
    assert (b"X-Id", b"7") in list(found.headers)


@pytest.mark.parametrize(
    ("head", "may_reuse"),
    [
        (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n", True),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n", False),
        (b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n", False),
        (b"HTTP/1.1 200 OK\r\n", False),
    ],
    ids=["kept", "asked to close", "HTTP/1.0", "ends with the connection"],
)
def test_a_connection_is_used_again_only_where_the_service_keeps_it(head: bytes, may_reuse: bool) -> None:
    assert read(head + b"\r\n{}").may_reuse is may_reuse


def test_a_connection_is_not_used_again_where_more_came_than_was_announced() -> None:
    found = read(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}HTTP/1.1 200 OK\r\n\r\n")
    assert (found.body, found.may_reuse) == (b"{}", False)


def test_the_response_to_a_head_has_no_body() -> None:
    request = RawRequest(b"HEAD", b"/", (HOST,), b"")
    assert read(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n", request=request).body == b""


def test_a_head_of_blanks_is_read_in_a_moment() -> None:
    """A pattern that looks back would take minutes for it."""
    blanks = b" " * 60_000
    found = read(b"HTTP/1.1 200 OK\r\nx-id: " + blanks + b"7\r\ncontent-length: 2\r\n\r\n{}")
    assert dict(found.headers)[b"x-id"] == b"7"
