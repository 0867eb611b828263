"""The control of a simulator over HTTP: `/_simulator/` calls for processes that cannot call its methods."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from orderdesk_devkit.simulators.fault_injection import Fault
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.errors import ConflictError, InputError, NotAllowedError, NotFoundError

if TYPE_CHECKING:
    from orderdesk_devkit.simulators.simulator import Record, Simulator

__all__ = ["PREFIX", "Control"]

PREFIX = "/_simulator/"


class Control:
    """`app`, with the control calls of `simulator` before it. The calls never meet a fault and are not logged.

    | call | body | answer |
    |---|---|---|
    | GET `log` | - | `{"log": [{at, operation, remote_id, effect}]}` |
    | GET `orders/{id}` | - | `{"remote_id", "truth", "log"}` |
    | POST `faults` | `{kind, method?, path?, times?, size?, seconds?}` | `{"waiting": n}` |
    | POST `orders` | `{"remote_id", "lines": [{code, quantity}]}` | `{"remote_id", "truth"}` |
    | POST `clock` | `{"advance_seconds": n}` or `{"advance_to": time}`, on a VirtualClock only | `{"now"}` |
    | POST `switches` | `{"set": {name: choice}, "remote_id"?}` | `{"switches": {name: choice}}` for that order or all |

    A mistake answers `{"error": text}`: 400 for the body, 404 for an unknown order or call, 409 for a real clock and
    for a simulator that takes no orders this way. No clock goes back: `advance_to` a past time does nothing.
    """

    def __init__(self, simulator: Simulator, app: ASGIApp) -> None:
        self._simulator = simulator
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        raw: bytes = scope.get("raw_path") or scope["path"].encode()
        call = raw.decode("ascii").partition("?")[0].removeprefix(PREFIX)
        try:
            answer, status = self._answer(request.method, call, await request.body()), 200
        except NotFoundError as error:
            answer, status = {"error": str(error)}, 404
        except (ConflictError, NotAllowedError) as error:
            answer, status = {"error": str(error)}, 409
        except InputError as error:
            answer, status = {"error": str(error)}, 400
        await JSONResponse(answer, status)(scope, receive, send)

    def _answer(self, method: str, call: str, body: bytes) -> dict[str, object]:
        if method == "GET" and call == "log":
            return {"log": [_shown(record) for record in self._simulator.log]}
        if method == "GET" and call.startswith("orders/"):
            remote_id = unquote(call.removeprefix("orders/"))
            truth = self._simulator.truth(remote_id)
            own = [_shown(record) for record in self._simulator.log if record.remote_id == remote_id]
            return {"remote_id": remote_id, "truth": truth, "log": own}
        if method == "POST" and call == "orders":
            return self._add_order(_Body(call, body))
        if method == "POST" and call == "faults":
            return self._add_fault(_Body(call, body))
        if method == "POST" and call == "clock":
            return self._advance(_Body(call, body))
        if method == "POST" and call == "switches":
            return self._switch(_Body(call, body))
        raise NotFoundError(f"there is no control call {method} {PREFIX}{call}")

    def _add_order(self, body: _Body) -> dict[str, object]:
        remote_id, lines = body.text("remote_id"), body.lines("lines")
        body.finish()
        if not remote_id or not lines:
            raise InputError("an order needs a number and at least one line", place="orders")
        self._simulator.add_order(remote_id, lines=lines)
        return {"remote_id": remote_id, "truth": self._simulator.truth(remote_id)}

    def _add_fault(self, body: _Body) -> dict[str, object]:
        word = body.text("kind")
        kinds = {kind.value: kind for kind in Fault}
        if word is None or word not in kinds:
            raise InputError(f"{word!r} is no fault", place="kind", remedy=f"use one of: {', '.join(kinds)}")
        method, path = body.text("method"), body.text("path")
        times, size, seconds = body.number("times"), body.number("size"), body.number("seconds")
        body.finish()
        self._simulator.faults.add(
            kinds[word],
            method=method,
            path=path,
            times=1 if times is None else int(times),
            size=None if size is None else int(size),
            seconds=seconds,
        )
        return {"waiting": len(self._simulator.faults.waiting())}

    def _advance(self, body: _Body) -> dict[str, object]:
        clock = self._simulator.clock
        if not isinstance(clock, VirtualClock):
            raise ConflictError("this simulator runs on a real clock", remedy="start it with a VirtualClock")
        seconds, moment = body.number("advance_seconds"), body.text("advance_to")
        body.finish()
        if seconds is None and moment is not None:
            seconds = max(0.0, (_moment(moment) - clock.now()).total_seconds())
        if seconds is None or seconds < 0:
            raise InputError("must be a number of seconds, zero or more", place="advance_seconds")
        return {"now": clock.advance(timedelta(seconds=seconds)).isoformat()}

    def _switch(self, body: _Body) -> dict[str, object]:
        remote_id, choices = body.text("remote_id"), body.texts("set")
        body.finish()
        for name, choice in choices.items():
            self._simulator.set_switch(name, choice, remote_id=remote_id)
        return {"switches": {name: self._simulator.switch(name, remote_id) for name in self._simulator.chosen()}}


class _Body:
    """A JSON object whose keys are read one by one; what nobody read is a mistake of the sender."""

    def __init__(self, call: str, body: bytes) -> None:
        self._call = call
        try:
            found = json.loads(body)
        except ValueError as error:
            raise InputError(f"the body is no JSON: {error}", place=call) from error
        if not isinstance(found, dict):
            raise InputError("the body must be a JSON object", place=call)
        self._rest: dict[str, object] = found

    def text(self, key: str) -> str | None:
        value = self._rest.pop(key, None)
        if value is None or isinstance(value, str):
            return value
        raise InputError("must be a text", place=key)

    def number(self, key: str) -> float | None:
        value = self._rest.pop(key, None)
        if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
            return value
        raise InputError("must be a number", place=key)

    def lines(self, key: str) -> list[tuple[str, int]]:
        found: list[tuple[str, int]] = []
        value = self._rest.pop(key, None)
        for line in value if isinstance(value, list) else [value]:
            match line:
                case {"code": str(code), "quantity": int(quantity), **rest} if _countable(quantity) and not rest:
                    found.append((code, quantity))
                case _:
                    raise InputError("must be a list of {code, quantity}, quantities of 1 or more", place=key)
        return found

    def texts(self, key: str) -> dict[str, str]:
        value = self._rest.pop(key, None)
        if not isinstance(value, dict):
            raise InputError("must be an object of texts", place=key)
        checked = {name: choice for name, choice in value.items() if isinstance(choice, str)}
        if len(checked) != len(value):
            raise InputError("must be an object of texts", place=key)
        return checked

    def finish(self) -> None:
        if self._rest:
            raise InputError(f"{', '.join(sorted(self._rest))}: nobody asked for that", place=self._call)


def _countable(quantity: int) -> bool:
    return quantity > 0 and not isinstance(quantity, bool)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise InputError(f"{text!r} is no time", place="advance_to") from error
    if moment.tzinfo is None:
        raise InputError(f"{text!r} has no time zone", place="advance_to")
    return moment


def _shown(record: Record) -> dict[str, object]:
    return {
        "at": record.at.isoformat(),
        "operation": record.operation,
        "remote_id": record.remote_id,
        "effect": record.effect,
    }
