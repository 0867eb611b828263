"""One call of the API as the handlers see it, what they may do to the store, and how they refuse."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol

from attrs import frozen

from orderdesk_devkit.simulators.orderdesk.records import Record
from orderdesk_devkit.simulators.orderdesk.state import StoredOrder, StoreState
from orderdesk_devkit.simulators.orderdesk.views import Views
from orderdesk_devkit.simulators.simulator import CallResult, Effect

__all__ = ["ApiCall", "OptionReader", "Refused", "StoreContext", "succeeded"]


class OptionReader(Protocol):
    """What is chosen for a switch."""

    def __call__(self, name: str, remote_id: str | None = None) -> str:
        """The choice for an order, else for all."""


@frozen
class ApiCall:
    """A request, authorized and within the limit.

    Args:
        parts: of the path below the base, decoded.
        body: the JSON document; None for anything else.
    """

    method: str
    parts: tuple[str, ...]
    query: Mapping[str, str]
    body: object
    now: datetime

    def fields(self) -> Mapping[str, object]:
        """The JSON object of the body. Raises Refused for anything else."""
        if not isinstance(self.body, Mapping):
            raise Refused(400, "SIM: the body is not a JSON object")
        return self.body


class Refused(Exception):
    """A call that the store refuses.

    Args:
        status: the HTTP status, where refusals have one of their own.
        always: whether it has it also where refusals come with 200.
    """

    def __init__(self, status: int, message: str, *, always: bool = False) -> None:
        super().__init__(message)
        self.status = status
        self.always = always


@frozen
class StoreContext:
    """What handlers work with; called under the simulator's lock.

    Args:
        log: writes what a call did to an order.
        misuse: writes down what no client should do, and to which order.
        move: puts an order into a folder, as somebody, with the rules that follow.
        edit: lets somebody else change the order.
        set_option: chooses for an order, None: for all.
    """

    state: StoreState
    views: Views
    store_id: str
    option: OptionReader
    log: Callable[[str, str | None, str], None]
    misuse: Callable[[str, str | None], None]
    move: Callable[[StoredOrder, int, str], None]
    edit: Callable[[StoredOrder], None]
    use_up: Callable[[str, str], None]

    def order(self, number: str) -> StoredOrder:
        """The order with this id. Raises Refused."""
        if number not in self.state.orders:
            raise Refused(404, "SIM: Order Not Found")
        return self.state.orders[number]

    def created(self) -> int:
        """The HTTP status of a create."""
        return int(self.option("created_as"))


def succeeded(effect: str, status: int = 200, *, effect_kind: Effect = Effect.NOTHING, **fields: object) -> CallResult:
    """A call that succeeded; `fields` stand in its body after the two that each has."""
    body: Record = {"status": "success", "execution_time": "0.0123 seconds", **fields}
    return CallResult(status, effect, body, effect_kind)
