"""The orders of a JSON file, one at a time: a file of any size is read in the memory of one order and all ids."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, tzinfo
from typing import IO

from attrs import evolve

from orderdesk_sdk.orders.order import Order
from orderdesk_sdk.orders.serialization.checked_orders import CheckedOrders
from orderdesk_sdk.orders.serialization.envelope import OrdersInDocument, find_orders, missing_note
from orderdesk_sdk.orders.serialization.fields import MAX_REPORTED, path_step
from orderdesk_sdk.orders.serialization.json_stream import JsonStream
from orderdesk_sdk.orders.serialization.json_text import json_errors, raise_json_errors

__all__ = ["OrderStream"]


class _SkippedList(list[object]):
    """A list of a document that is read later; its mark tells where it begins in the text."""

    def __init__(self, mark: tuple[int, int, int]) -> None:
        super().__init__()
        self.mark = mark


class OrderStream:
    """The orders in a file, read as it is iterated over, which is done once.

    Reads what `read_order_text` reads, and says the same of what is wrong; that comes as ValidationError out of the
    iteration: at its end where a record is at fault, at once where the text is no JSON. No order comes out any more
    after the first that is at fault. So whoever takes all orders or none asks for the last before doing anything.
    """

    def __init__(self, file: IO[bytes], *, location: str, timezone: tzinfo = UTC) -> None:
        """A stream over a file that was opened for reading bytes and can be sought in.

        Args:
            location: names the file in errors.
            timezone: of times without an offset, but in responses of Order Desk: see `read_orders`.
        """
        self._file = file
        self._location = location
        self._timezone = timezone
        self.count = 0
        """The orders that came out so far."""
        self.total: int | None = None
        """How many orders the response says there are, of which it is one page; None: no word, or nothing was read."""

    @property
    def missing_note(self) -> str | None:
        """What is not in the file, in words; None where nothing is known to be missing. To be asked at the end."""
        return missing_note(self.count, self.total)

    def __iter__(self) -> Iterator[Order]:
        stream = JsonStream(self._file, self._location)
        found = self._find_orders(stream)
        self.total = found.total
        checked = CheckedOrders(UTC if found.is_response else self._timezone)
        faults: list[str] = []
        for path, entry, is_marked in _entries(stream, found):
            if is_marked and len(faults) < MAX_REPORTED:
                faults += json_errors(entry, path)
            order = checked.read(path, entry) if not faults else None
            if order is not None and not checked.has_errors:
                self.count += 1
                yield order
        raise_json_errors(faults, self._location)
        checked.raise_errors(self._location)

    def _find_orders(self, stream: JsonStream) -> OrdersInDocument:
        start = stream.mark()
        if stream.peek() == "[":
            return OrdersInDocument("$", _SkippedList(start))
        document, faults = _skeleton(stream)
        stream.end()
        raise_json_errors(faults, self._location)
        found = find_orders(document, self._location)
        if found.value is not document or not isinstance(document, dict):
            return found
        stream.rewind(start)  # It is an order itself, and has lists of such names among what is its own.
        order, is_marked = stream.value()
        raise_json_errors(json_errors(order) if is_marked else [], self._location)
        return evolve(found, value=order)


def _skeleton(stream: JsonStream) -> tuple[object, list[str]]:
    """The document without the elements of its lists of orders, and what is wrong with the rest of it.

    Where these lists stand in a response is not said, nor whether they come before what tells how to read them.
    """
    if stream.peek() != "{":
        value, is_marked = stream.value()
        return value, json_errors(value) if is_marked else []
    document: dict[str, object] = {}
    faults: list[str] = []
    stream.take("{")
    if stream.peek() == "}":
        stream.take("}")
        return document, faults
    while True:
        key = stream.key()
        path = f"${path_step(key)}"
        if key in document:
            faults.append(f"{path}: the key is given twice")
        stream.take(":")
        if key in ("order", "orders") and stream.peek() == "[":
            skipped = _SkippedList(stream.mark())
            for _ in _elements(stream):
                skipped[:] = [None]  # That there are any is told.
            document[key] = skipped
        else:
            document[key], is_marked = stream.value()
            faults += json_errors(document[key], path) if is_marked else []
        if stream.take(",}") == "}":
            return document, faults


def _elements(stream: JsonStream) -> Iterator[tuple[object, bool]]:
    """The elements of a list, and whether something in each is marked for `json_errors`."""
    stream.take("[")
    if stream.peek() == "]":
        stream.take("]")
        return
    while True:
        yield stream.value()
        if stream.take(",]") == "]":
            return


def _entries(stream: JsonStream, found: OrdersInDocument) -> Iterator[tuple[str, object, bool]]:
    """What should be orders, each with its path, and whether something in it is marked for `json_errors`."""
    if not isinstance(found.value, _SkippedList):
        for path, entry in found.entries():
            yield path, entry, False
        return
    stream.rewind(found.value.mark)
    for index, (entry, is_marked) in enumerate(_elements(stream)):
        yield f"{found.path}[{index}]", entry, is_marked
    if found.path == "$":
        stream.end()
