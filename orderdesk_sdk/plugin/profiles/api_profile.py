"""Wire profiles: how to call a service whose API is not published, as its customer configures it. Nothing is invented.

[connections.acme.settings.wire.cancel]
method = "POST"
path = "/orders/{remote_id}/cancel"
body = { order = "{remote_id}", reason = "{reason}" }
taken = [200, 202]                      # these say that the request was taken
refused = [409, 422]                    # these say that it is too late
unknown = [404]                         # these say that there is no such order
final = false                           # true: the reply is the last word, and status, canceled, number say where

[connections.acme.settings.wire.read]
path = "/orders/{remote_id}"
status = "/order/status"                # a JSON pointer (RFC 6901) into the reply
number = "/order/number"                # where the reply states which order it is about
number_is = "remote_id"                 # or "order_number"
canceled = ["canceled"]                 # words or whole numbers
shipped = ["shipped", "delivered"]
pending = ["open", "in production"]
unknown = [404]                         # these statuses say that there is no such order

Where a reply states no number, `number_not_stated = "why"` stands in place of `number`: the receipt repeats it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from attrs import frozen

from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.plugin.identity import Identity, NotStated, StatedAt
from orderdesk_sdk.plugin.profiles.json_pointer import read_pointer, steps_of
from orderdesk_sdk.plugin.routes import fold
from orderdesk_sdk.plugin.toolkit.templates import check_fields
from orderdesk_sdk.plugin.url_paths import path_fault

__all__ = ["WireCall", "WireProfile", "WireRead", "filled", "read_asking_profile", "read_wire_profile"]

FIELDS = ("order_number", "reason", "remote_id")
METHODS = ("DELETE", "PATCH", "POST", "PUT")
_NUMBER = ("number", "number_is", "number_not_stated")


@frozen
class FinalReply:
    """A reply that is the service's last word: where its body says what became of the order, and which words (folded)
    say that it is canceled.
    """

    status: str
    canceled: frozenset[str]


@frozen
class WireCall:
    """The call that cancels. body: sent as JSON, with fields in its texts; None sends none.

    final: what the reply says where it is the last word; None where it only takes the request. identity: where such a
    reply states the order's number; None for another.
    """

    method: str
    path: str
    taken: tuple[int, ...]
    refused: tuple[int, ...] = ()
    unknown: tuple[int, ...] = ()
    body: object = None
    final: FinalReply | None = None
    identity: Identity | None = None


@frozen
class WireRead:
    """The call that reads the order, and what its status words (folded) mean.

    unknown: the HTTP statuses that say that there is no such order; without them nobody can tell whether it is there.
    identity: where the reply states the order's number.
    """

    path: str
    status: str
    identity: Identity
    canceled: frozenset[str]
    shipped: frozenset[str] = frozenset()
    pending: frozenset[str] = frozenset()
    unknown: tuple[int, ...] = ()


@frozen
class WireProfile:
    """How one service is called. read: None where it cannot be read back."""

    cancel: WireCall
    read: WireRead | None = None

    def identities(self) -> Mapping[str, Identity]:
        """Where the replies of its calls state the order's number: what `Integration.identified_by` takes."""
        given = {"cancel": self.cancel.identity, "read": self.read.identity if self.read is not None else None}
        return {operation: identity for operation, identity in given.items() if identity is not None}


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
    if profile.cancel.final is not None:
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
    names = ("method", "path", "body", "taken", "refused", "unknown", "final", "status", "canceled", *_NUMBER)
    table = _table(value, place, names, ("method", "path", "taken"))
    method, is_final = table["method"], table.get("final", False)
    if method not in METHODS:
        raise ConfigurationError(
            f"{method!r} is no method", place=f"{place}.method", remedy=f"one of {', '.join(METHODS)}"
        )
    if not isinstance(is_final, bool):
        raise ConfigurationError("must be true or false", place=f"{place}.final")
    _fields(table.get("body"), f"{place}.body")
    statuses = {name: _statuses(table.get(name, []), f"{place}.{name}") for name in ("taken", "refused", "unknown")}
    if not statuses["taken"]:
        raise ConfigurationError("must name at least one status", place=f"{place}.taken")
    _apart(statuses, place)
    path = _path(table["path"], f"{place}.path")
    _names_the_order([path, table.get("body")], f"{place}.path")
    final, identity = (_final(table, place), _identity(table, place)) if is_final else (None, None)
    return WireCall(str(method), path, **statuses, body=table.get("body"), final=final, identity=identity)


def _final(table: Mapping[str, object], place: str) -> FinalReply:
    """What a final reply says. That the service took the request is no word of what became of the order."""
    for name, remedy in (
        ("status", 'say where the body states what became of the order, as in "/order/status"'),
        ("canceled", 'name the words there that say so, as in ["cancelled"]'),
    ):
        if name not in table:
            raise ConfigurationError(
                "is missing: a final reply must say in its body that the order is canceled",
                place=f"{place}.{name}",
                remedy=f"{remedy}; or remove final",
            )
    words = _words(table["canceled"], f"{place}.canceled")
    if not words:
        raise ConfigurationError("must name at least one word", place=f"{place}.canceled")
    return FinalReply(read_pointer(table["status"], f"{place}.status"), words)


def _identity(table: Mapping[str, object], place: str) -> Identity:
    """Where the reply states which order it is about."""
    why = table.get("number_not_stated")
    if "number" not in table and why is None:
        raise ConfigurationError(
            "is missing: a reply counts only where it is about the order that was asked for",
            place=f"{place}.number",
            remedy="say where it states the number, as in"
            ' "/order/number"; or, where it states none, number_not_stated = "why"',
        )
    if why is not None:
        if "number" in table or "number_is" in table or not isinstance(why, str) or not why.strip():
            raise ConfigurationError(
                "must say why, in place of number and number_is",
                place=f"{place}.number_not_stated",
            )
        return NotStated(why)
    number, status = (read_pointer(table[name], f"{place}.{name}") for name in ("number", "status"))
    kind = table.get("number_is", "remote_id")
    if kind not in ("remote_id", "order_number"):
        raise ConfigurationError(
            f"{kind!r} is no number that we know",
            place=f"{place}.number_is",
            remedy="remote_id or order_number",
        )
    _of_one_entry(steps_of(status), steps_of(number), f"{place}.number")
    return StatedAt(*steps_of(number), number=str(kind))


def _of_one_entry(status: Sequence[str], number: Sequence[str], place: str) -> None:
    """Status and number of two entries of one list would be about two orders."""
    for one, other in zip(status, number, strict=False):
        if one != other:
            if one.isdecimal() and other.isdecimal():
                raise ConfigurationError(
                    "is of another entry of the list than status",
                    place=place,
                    remedy="give both the same index",
                )
            return


def _read(value: object, place: str) -> WireRead:
    names = ("path", "status", "canceled", "shipped", "pending", "unknown", *_NUMBER)
    table = _table(value, place, names, ("path", "status", "canceled"))
    pointer, identity = read_pointer(table["status"], f"{place}.status"), _identity(table, place)
    words = {name: _words(table.get(name, []), f"{place}.{name}") for name in names[2:5]}
    if not words["canceled"]:
        raise ConfigurationError("must name at least one word", place=f"{place}.canceled")
    _apart(words, place)
    path = _path(table["path"], f"{place}.path")
    _names_the_order([path], f"{place}.path")
    return WireRead(path, pointer, identity, **words, unknown=_statuses(table.get("unknown", []), f"{place}.unknown"))


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
    if not isinstance(value, list) or not all(type(word) in (str, int) and str(word).strip() for word in value):
        raise ConfigurationError("must be a list of status words or whole numbers", place=place)
    words = frozenset(fold(str(word)) for word in value)
    if "" in words:  # Two such words would be the same one.
        raise ConfigurationError("a status word needs a letter or a digit", place=place)
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
