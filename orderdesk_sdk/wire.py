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
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote

from attrs import frozen

from orderdesk_sdk import answer
from orderdesk_sdk.answer import Answer, Refusal
from orderdesk_sdk.clock import hours, minutes
from orderdesk_sdk.declaration import ByCheck, ByPerson, ByReply, Confirmation, fold
from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.pointer import read_pointer, text_pointed
from orderdesk_sdk.reading import json_object, turned_away
from orderdesk_sdk.templates import check_fields

if TYPE_CHECKING:
    from orderdesk_sdk.http.service import Flow, Service
    from orderdesk_sdk.request import CancelRequest, CheckRequest

__all__ = ["WireCall", "WireProfile", "WireRead", "read_wire_profile", "wire_cancel", "wire_check", "wire_confirmation"]

S = TypeVar("S")
FIELDS = ("order_number", "reason", "remote_id")
METHODS = ("DELETE", "PATCH", "POST", "PUT")
ACCESS = "check the credentials of this connection with the service"


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
    """The call that reads the order, and what its status words (folded) mean."""

    path: str
    status: str
    canceled: frozenset[str]
    shipped: frozenset[str] = frozenset()
    pending: frozenset[str] = frozenset()


@frozen
class WireProfile:
    """How one service is called. read: None where it cannot be read back."""

    cancel: WireCall
    read: WireRead | None = None


def wire_confirmation(profile: WireProfile | None) -> Confirmation:
    """What proves a cancel by this profile: the reply, a read-back, or a person."""
    if profile is None or (profile.read is None and not profile.cancel.final):
        return ByPerson()
    return ByReply() if profile.cancel.final else ByCheck(every=minutes(5), give_up=hours(24))


def wire_cancel(profile: WireProfile, request: CancelRequest, service: Service[S]) -> Flow[Answer]:
    """A cancel flow by a profile."""
    call = profile.cancel
    values = {
        "order_number": request.order.number,
        "reason": request.reason.code or request.reason.text or "",
        "remote_id": request.remote_id,
    }
    path = call.path.format_map({name: quote(value, safe="") for name, value in values.items()})
    reply = yield service.request(call.method, path, operation="cancel", json=_filled(call.body, values))
    if reply.status_code in call.taken:
        return answer.canceled(reply) if call.final else answer.asked(reply)
    if reply.status_code in call.refused:
        return answer.refused(reply, Refusal.TOO_LATE, text=f"the service answered {reply.status_code}")
    if reply.status_code in call.unknown:
        return answer.refused(reply, Refusal.NOT_ALLOWED, text=f"the service does not know {request.remote_id}")
    return turned_away(reply, check=ACCESS) or answer.unclear(reply)


def wire_check(profile: WireProfile, request: CheckRequest, service: Service[S]) -> Flow[Answer]:
    """A check flow by a profile; unclear where the profile cannot read."""
    if profile.read is None:
        return answer.unclear(None, text="the wire profile has no read call")
    values = {"order_number": request.order.number, "reason": "", "remote_id": request.remote_id}
    path = profile.read.path.format_map({name: quote(value, safe="") for name, value in values.items()})
    reply = yield service.get(path, operation="read")
    if not reply.is_success:
        return turned_away(reply, check=ACCESS) or answer.unclear(reply)
    status = text_pointed(json_object(reply), profile.read.status, f"reply {reply.status_code}")
    word = fold(status)
    if word in profile.read.canceled:
        return answer.canceled(reply, status=status)
    if word in profile.read.shipped:
        return answer.refused(reply, Refusal.SHIPPED, status=status)
    if word in profile.read.pending:
        return answer.pending(reply, status=status)
    return answer.unclear(reply, status=status, text=f"the profile does not say what {status!r} means")


def _filled(body: object, values: Mapping[str, str]) -> object:
    match body:
        case str():
            return body.format_map(values)
        case Mapping():
            return {name: _filled(inner, values) for name, inner in body.items()}
        case list():
            return [_filled(inner, values) for inner in body]
        case _:
            return body


def read_wire_profile(value: object, place: str) -> WireProfile:
    """A profile as configured. Raises ConfigurationError that names the field and the remedy."""
    table = _table(value, place, ("cancel", "read"))
    if "cancel" not in table:
        raise ConfigurationError(
            "the table cancel is missing", place=place, remedy="add method, path and taken under it"
        )
    read = _read(table["read"], f"{place}.read") if "read" in table else None
    return WireProfile(_cancel(table["cancel"], f"{place}.cancel"), read)


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
    names = ("path", "status", "canceled", "shipped", "pending")
    table = _table(value, place, names, ("path", "status", "canceled"))
    pointer = read_pointer(table["status"], f"{place}.status")
    words = {name: _words(table.get(name, []), f"{place}.{name}") for name in names[2:]}
    if not words["canceled"]:
        raise ConfigurationError("must name at least one word", place=f"{place}.canceled")
    _apart(words, place)
    path = _path(table["path"], f"{place}.path")
    _names_the_order([path], f"{place}.path")
    return WireRead(path, pointer, **words)


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
    if _filled(places, one) == _filled(places, other):
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
