"""Replies that are not what they should be: real ones with one thing changed, and others that never were any."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from random import Random

from attrs import evolve, field, frozen

from orderdesk_devkit.testing.conformance.baseline_run import RecordedCall

__all__ = ["ReplayedResponse", "malformed", "replayed_response"]


@frozen
class ReplayedResponse:
    """A response.

    Args:
        name: what is wrong with it, for the complaint.
    """

    name: str
    status: int
    headers: Mapping[str, str] = field(hash=False)
    body: bytes


_LEAVES: tuple[object, ...] = (
    None,
    True,
    False,
    0,
    -1,
    1,
    2**31,
    2**63,
    10**30,
    1.5,
    -0.0,
    1e308,
    float("nan"),
    float("inf"),
    "",
    " ",
    "0",
    "-1",
    "null",
    "\ud83d",
    "\x00",
    "\u202e",
    "n\u0303" * 40,
    "9" * 40,
    "a status that nobody knows",
    "x" * 10_000,
    [],
    {},
    [None],
    [[]],
    [{}],
    {"": None},
    {"status": {}},
    ["text"],
)
"""What a value is replaced by; none of them says that anything is canceled."""
_STATUSES = (
    200,
    201,
    202,
    204,
    206,
    304,
    400,
    401,
    403,
    404,
    408,
    409,
    410,
    412,
    418,
    422,
    423,
    425,
    429,
    451,
    500,
    501,
    502,
    503,
    504,
    520,
    599,
)
_PAGES: tuple[tuple[str, bytes], ...] = (
    ("an empty body", b""),
    ("blanks", b" \r\n\t "),
    ("an HTML page", b"<!doctype html><title>Unavailable</title><h1>Please come back later</h1>"),
    ("an XML document", b'<?xml version="1.0"?><status>unknown</status>'),
    ("no UTF-8", b"\xff\xfe\x00\xd8{}"),
    ("UTF-8 with a mark", b"\xef\xbb\xbf{}"),
    ("a NUL", b"\x00"),
    ("null", b"null"),
    ("a text", b'"text"'),
    ("a number", b"12"),
    ("NaN", b"NaN"),
    ("an empty list", b"[]"),
    ("an empty object", b"{}"),
    ("half a surrogate", b'{"status": "\\ud83d", "data": "\\udc00"}'),
    ("a number of 5,000 digits", b'{"quantity": ' + b"9" * 5000 + b"}"),
    ("100,000 lists in each other", b"[" * 100_000),
    ("100,000 objects in each other", b'{"a":' * 100_000),
    ("a key twice", b'{"data": 1, "data": {}, "errors": [], "errors": "none"}'),
    ("errors of another kind", b'{"errors": "text", "data": null}'),
    ("errors that are lists", b'{"errors": [[1], null, {"code": {}, "message": []}]}'),
)


def replayed_response(call: RecordedCall) -> ReplayedResponse:
    """A response as it was."""
    kept = {name: value for name, value in call.headers.items() if name not in ("content-length", "date")}
    return ReplayedResponse("as it was", call.status, kept, call.body)


def malformed(seed: ReplayedResponse, random: Random) -> Iterator[ReplayedResponse]:
    """Replies like `seed`, malformed in ways without end: first each way once, then by chance."""
    for name, body in _PAGES:
        yield evolve(seed, name=f"{name} with {seed.status}", body=body)
    while True:
        yield _changed(seed, random)


def _changed(seed: ReplayedResponse, random: Random) -> ReplayedResponse:
    try:
        document: object = json.loads(seed.body)
    except ValueError:
        return _cut(seed, random)
    match random.randrange(10):
        case 0:
            return _cut(seed, random)
        case 1:
            status = random.choice(_STATUSES)
            return evolve(seed, name=f"the same with {status}", status=status)
        case 2:
            name, body = random.choice(_PAGES)
            status = random.choice(_STATUSES)
            return evolve(seed, name=f"{name} with {status}", body=body, status=status)
        case _:
            changed, what = document, []
            for _ in range(1 + (random.random() < 0.2)):
                changed, told = _one_changed(changed, random)
                what.append(told)
            return evolve(seed, name=" and ".join(what), body=json.dumps(changed).encode())


def _cut(seed: ReplayedResponse, random: Random) -> ReplayedResponse:
    """The bytes, cut or with some of them changed."""
    if not seed.body:
        return evolve(seed, name="noise in place of nothing", body=random.randbytes(20))
    at = random.randrange(len(seed.body))
    if random.random() < 0.5:
        return evolve(seed, name=f"cut at byte {at}", body=seed.body[:at])
    noise = random.randbytes(4)
    return evolve(seed, name=f"noise {noise!r} at byte {at}", body=seed.body[:at] + noise + seed.body[at + 4 :])


def _one_changed(document: object, random: Random) -> tuple[object, str]:
    """The document with one value replaced, removed, doubled or wrapped, and what was done."""
    paths = list(_paths(document))
    if not paths:
        return random.choice(_LEAVES), "another document"
    path = random.choice(paths)
    where = "$" + "".join(f".{step}" for step in path)
    match random.randrange(6):
        case 0:
            return _edited(document, path, lambda _: _GONE), f"{where} missing"
        case 1:
            return _edited(document, path, lambda value: [value, value]), f"{where} twice in a list"
        case 2:
            return _edited(document, path, lambda value: {"value": value}), f"{where} in an object"
        case _:
            leaf = random.choice(_LEAVES)
            return _edited(document, path, lambda _: leaf), f"{where} as {leaf!r:.40}"


_GONE = object()
"""In place of a value that is taken away."""


def _edited(value: object, path: tuple[object, ...], edit: Callable[[object], object]) -> object:
    """The same with the value at the path edited."""
    if not path:
        return edit(value)
    match value:
        case dict():
            items = [(key, _edited(inner, path[1:], edit) if key == path[0] else inner) for key, inner in value.items()]
            return {key: inner for key, inner in items if inner is not _GONE}
        case list():
            inner = [_edited(one, path[1:], edit) if at == path[0] else one for at, one in enumerate(value)]
            return [one for one in inner if one is not _GONE]
        case _:
            return value


def _paths(value: object, path: tuple[object, ...] = ()) -> Iterator[tuple[object, ...]]:
    """The path of every value in a document but itself."""
    match value:
        case dict():
            steps: list[tuple[object, object]] = list(value.items())
        case list():
            steps = list(enumerate(value))
        case _:
            return
    for key, inner in steps:
        yield (*path, key)
        yield from _paths(inner, (*path, key))
