"""Wire profiles: how to call a service whose API is not published, as its customer configures it. Nothing is invented.

[connections.acme.settings.wire.cancel]
method = "POST"
path = "/orders/{remote_id}/cancel"
body = { order = "{remote_id}", reason = "{reason}" }
taken = [200, 202]                      # these say that the request was taken
refused = [409, 422]                    # these say that it is too late
unknown = [404]                         # these say that there is no such order
final = false                           # true: being taken is being canceled

[connections.acme.settings.wire.read]
path = "/orders/{remote_id}"
status = "/order/status"                # a JSON pointer (RFC 6901) into the reply
canceled = ["canceled"]
shipped = ["shipped", "delivered"]
pending = ["open", "in production"]
unknown = [404]                         # these statuses say that there is no such order
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from attrs import frozen

from orderdesk_sdk.declaration import fold
from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.paths import path_fault
from orderdesk_sdk.pointer import read_pointer
from orderdesk_sdk.templates import check_fields

__all__ = ["WireCall", "WireProfile", "WireRead", "filled", "read_asking_profile", "read_wire_profile"]

FIELDS = ("order_number", "reason", "remote_id")
METHODS = ("DELETE", "PATCH", "POST", "PUT")


@frozen
class WireCall:
    """The call that cancels. body: sent as JSON, with fields in its texts; None sends none."""

    method: str
    path: str
    taken: tuple[int, ...]
    refused: tuple[int, ...] = ()
    unknown: tuple[int, ...] = ()
    body: object = None
    final: bool = False


@frozen
class WireRead:
    """The call that reads the order, and what its status words (folded) mean.

    unknown: the HTTP statuses that say that there is no such order; without them nobody can tell whether it is there.
    """

    path: str
    status: str
    canceled: frozenset[str]
    shipped: frozenset[str] = frozenset()
    pending: frozenset[str] = frozenset()
    unknown: tuple[int, ...] = ()


@frozen
class WireProfile:
    """How one service is called. read: None where it cannot be read back."""

    cancel: WireCall
    read: WireRead | None = None


def read_wire_profile(value: object, place: str) -> WireProfile:
    """A profile as configured. Raises ConfigurationError that names the field and the remedy."""
    table = _table(value, place, ("cancel", "read"))
    if "cancel" not in table:
        raise ConfigurationError(
            "the table cancel is missing", place=place, remedy="add method, path and taken under it"
        )
    read = _read(table["read"], f"{place}.read") if "read" in table else None
    return WireProfile(_cancel(table["cancel"], f"{place}.cancel"), read)


def read_asking_profile(value: object, place: str) -> WireProfile:
    """A profile, as configured, of a service that is known to take requests only: nothing but a read-back cancels.

    Raises ConfigurationError, also for one that calls a reply final or has no read call.
    """
    profile = read_wire_profile(value, place)
    if profile.cancel.final:
        text = "this service takes requests for cancellations, so its reply to one is not final"
        raise ConfigurationError(text, place=f"{place}.cancel.final", remedy="remove it; the order is read back")
    if profile.read is None:
        raise ConfigurationError(
            "is missing: this service takes requests for cancellations, so the order must be read back",
            place=f"{place}.read",
            remedy="add path, status and canceled under it, or remove the whole profile: then a person cancels there",
        )
    return profile


def _cancel(value: object, place: str) -> WireCall:
    names = ("method", "path", "body", "taken", "refused", "unknown", "final")
    table = _table(value, place, names, ("method", "path", "taken"))
    method, final = table["method"], table.get("final", False)
    if method not in METHODS:
        raise ConfigurationError(
            f"{method!r} is no method", place=f"{place}.method", remedy=f"one of {', '.join(METHODS)}"
        )
    if not isinstance(final, bool):
        raise ConfigurationError("must be true or false", place=f"{place}.final")
    _fields(table.get("body"), f"{place}.body")
    statuses = {name: _statuses(table.get(name, []), f"{place}.{name}") for name in ("taken", "refused", "unknown")}
    if not statuses["taken"]:
        raise ConfigurationError("must name at least one status", place=f"{place}.taken")
    _apart(statuses, place)
    path = _path(table["path"], f"{place}.path")
    _names_the_order([path, table.get("body")], f"{place}.path")
    return WireCall(str(method), path, **statuses, body=table.get("body"), final=final)


def _read(value: object, place: str) -> WireRead:
    names = ("path", "status", "canceled", "shipped", "pending", "unknown")
    table = _table(value, place, names, ("path", "status", "canceled"))
    pointer = read_pointer(table["status"], f"{place}.status")
    words = {name: _words(table.get(name, []), f"{place}.{name}") for name in names[2:5]}
    if not words["canceled"]:
        raise ConfigurationError("must name at least one word", place=f"{place}.canceled")
    _apart(words, place)
    path = _path(table["path"], f"{place}.path")
    _names_the_order([path], f"{place}.path")
    return WireRead(path, pointer, **words, unknown=_statuses(table.get("unknown", []), f"{place}.unknown"))


def _apart(lists: Mapping[str, Collection[object]], place: str) -> None:
    """No two lists of a table share an entry: what it means could not be told."""
    meant: dict[object, str] = {}
    for name, entries in lists.items():
        for entry in entries:
            if meant.setdefault(entry, name) != name:
                raise ConfigurationError(
                    f"{entry!r} stands in {meant[entry]} too", place=f"{place}.{name}", remedy="leave it in one of them"
                )


def _table(value: object, place: str, known: Sequence[str], needed: Sequence[str] = ()) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise ConfigurationError("a table was expected", place=place)
    for name in value:
        if name not in known:
            raise ConfigurationError(f"unknown key {name!r}", place=place, remedy=f"known are {', '.join(known)}")
    for name in needed:
        if name not in value:
            raise ConfigurationError(
                "is missing", place=f"{place}.{name}", remedy="ask the service for its API document"
            )
    return value


def _path(value: object, place: str) -> str:
    if not isinstance(value, str) or not value.startswith("/"):
        raise ConfigurationError("must be a path that begins with /", place=place)
    fault = path_fault(value)
    if fault is not None:
        raise ConfigurationError(f"it {fault}", place=place, remedy="write it as the service's document has it")
    _fields(value, place)
    return value


def _fields(value: object, place: str) -> None:
    """Every field in braces, wherever it stands in a path or body, is one of FIELDS."""
    if isinstance(value, str):
        check_fields(value, FIELDS, place)
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            _fields(inner, f"{place}.{name}")
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            _fields(inner, f"{place}[{number}]")


def _names_the_order(places: object, place: str) -> None:
    """A call that names no order would be about all of them, or about another one."""
    one, other = ({"order_number": number, "reason": "", "remote_id": number} for number in "12")
    if filled(places, one) == filled(places, other):
        raise ConfigurationError("the order is not named", place=place, remedy="put {remote_id} into it")


def _statuses(value: object, place: str) -> tuple[int, ...]:
    if not isinstance(value, list) or not all(type(status) is int and 100 <= status <= 599 for status in value):
        raise ConfigurationError("must be a list of HTTP statuses", place=place, remedy="for example [200, 202]")
    return tuple(value)


def _words(value: object, place: str) -> frozenset[str]:
    if not isinstance(value, list) or not all(isinstance(word, str) and word.strip() for word in value):
        raise ConfigurationError("must be a list of status words", place=place)
    words = frozenset(fold(word) for word in value)
    if "" in words:  # Two such words would be the same one.
        raise ConfigurationError("a status word needs a letter of a to z, or a digit", place=place)
    return words


def filled(body: object, values: Mapping[str, str]) -> object:
    """A path or body with its fields filled in, in every text within it."""
    match body:
        case str():
            return body.format_map(values)
        case Mapping():
            return {name: filled(inner, values) for name, inner in body.items()}
        case list():
            return [filled(inner, values) for inner in body]
        case _:
            return body
