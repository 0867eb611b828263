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
from orderdesk_devkit.simulators.threads import in_thread
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.errors import ConflictError, InvalidStateError, NotFoundError, ValidationError

if TYPE_CHECKING:
    from orderdesk_devkit.simulators.simulator import Record, Simulator

__all__ = ["PREFIX", "Control", "ControlBody"]

PREFIX = "/_simulator/"


class Control:
    """`app`, with the control calls of `simulator` before it. The control calls never meet a fault and are not logged.

    | call | body | answer |
    |---|---|---|
    | GET `log` | - | `{"log": [{at, operation, remote_id, effect}]}` |
    | GET `orders/{id}` | - | `{"remote_id", "actual_status", "log"}` |
    | POST `faults` | `{kind, method?, path?, times?, size?, seconds?}` | `{"pending": n}` |
    | POST `orders` | `{"remote_id", "lines": [{code, quantity}]}` | `{"remote_id", "actual_status"}` |
    | POST `clock` | `{"advance_seconds": n}` or `{"advance_to": time}`, on a VirtualClock only | `{"now"}` |
    | POST `options` | `{"set": {name: choice}, "remote_id"?}` | `{"options": {name: choice}}` for that order or all |

    A mistake answers `{"error": text}`: 400 for the body, 404 for an unknown order or call, 409 for a real clock and
    for a simulator that takes no orders this way.
    A simulator may have calls of its own (`Simulator.control_call`). No clock goes back: `advance_to` a past time does
    nothing.
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
            body = await request.body()
            answer = self._answer(request.method, call, body)
            if answer is None:
                answer = await in_thread(lambda: self._simulator.control_call(request.method, call, body))
            status = 200
        except NotFoundError as error:
            answer, status = {"error": str(error)}, 404
        except (ConflictError, InvalidStateError) as error:
            answer, status = {"error": str(error)}, 409
        except ValidationError as error:
            answer, status = {"error": str(error)}, 400
        await JSONResponse(answer, status)(scope, receive, send)

    def _answer(self, method: str, call: str, body: bytes) -> dict[str, object] | None:
        """The answer; None for a call that not every simulator has."""
        if method == "GET" and call == "log":
            return {"log": [_record_document(record) for record in self._simulator.log]}
        if method == "GET" and call.startswith("orders/"):
            remote_id = unquote(call.removeprefix("orders/"))
            log = [_record_document(record) for record in self._simulator.log if record.remote_id == remote_id]
            return {"remote_id": remote_id, "actual_status": self._simulator.actual_status(remote_id), "log": log}
        if method == "POST" and call == "orders":
            return self._add_order(ControlBody(call, body))
        if method == "POST" and call == "faults":
            return self._add_fault(ControlBody(call, body))
        if method == "POST" and call == "clock":
            return self._advance(ControlBody(call, body))
        if method == "POST" and call == "options":
            return self._set_options(ControlBody(call, body))
        return None

    def _add_order(self, body: ControlBody) -> dict[str, object]:
        remote_id, lines = body.text("remote_id"), body.lines("lines")
        body.require_empty()
        if not remote_id or not lines:
            raise ValidationError("an order needs a number and at least one line", location="orders")
        self._simulator.add_order(remote_id, lines=lines)
        return {"remote_id": remote_id, "actual_status": self._simulator.actual_status(remote_id)}

    def _add_fault(self, body: ControlBody) -> dict[str, object]:
        kind = body.text("kind")
        kinds = {fault.value: fault for fault in Fault}
        if kind is None or kind not in kinds:
            raise ValidationError(f"{kind!r} is no fault", location="kind", hint=f"use one of: {', '.join(kinds)}")
        method, path = body.text("method"), body.text("path")
        times, size, seconds = body.number("times"), body.number("size"), body.number("seconds")
        body.require_empty()
        self._simulator.faults.add(
            kinds[kind],
            method=method,
            path=path,
            times=1 if times is None else int(times),
            size=None if size is None else int(size),
            seconds=seconds,
        )
        return {"pending": len(self._simulator.faults.pending())}

    def _advance(self, body: ControlBody) -> dict[str, object]:
        clock = self._simulator.clock
        if not isinstance(clock, VirtualClock):
            raise ConflictError("this simulator runs on a real clock", hint="start it with a VirtualClock")
        seconds, moment = body.number("advance_seconds"), body.text("advance_to")
        body.require_empty()
        if seconds is None and moment is not None:
            seconds = max(0.0, (_parse_datetime(moment) - clock.now()).total_seconds())
        if seconds is None or seconds < 0:
            raise ValidationError("must be a number of seconds, zero or more", location="advance_seconds")
        return {"now": clock.advance(timedelta(seconds=seconds)).isoformat()}

    def _set_options(self, body: ControlBody) -> dict[str, object]:
        remote_id, choices = body.text("remote_id"), body.texts("set")
        body.require_empty()
        for name, choice in choices.items():
            self._simulator.set_option(name, choice, remote_id=remote_id)
        return {"options": {name: self._simulator.option(name, remote_id) for name in self._simulator.chosen_options()}}


class ControlBody:
    """A JSON object whose keys are read one by one; a key that was never read is a mistake of the sender."""

    def __init__(self, call: str, body: bytes) -> None:
        self._call = call
        try:
            document = json.loads(body)
        except ValueError as error:
            raise ValidationError(f"the body is no JSON: {error}", location=call) from error
        if not isinstance(document, dict):
            raise ValidationError("the body must be a JSON object", location=call)
        self._rest: dict[str, object] = document

    def text(self, key: str) -> str | None:
        value = self._rest.pop(key, None)
        if value is None or isinstance(value, str):
            return value
        raise ValidationError("must be a text", location=key)

    def required_text(self, key: str) -> str:
        """The text. Raises ValidationError where there is none."""
        value = self.text(key)
        if not value:
            raise ValidationError("must be a text", location=key)
        return value

    def object(self, key: str) -> dict[str, object]:
        """The object. Raises ValidationError where there is none."""
        value = self._rest.pop(key, None)
        if not isinstance(value, dict):
            raise ValidationError("must be an object", location=key)
        return value

    def number(self, key: str) -> float | None:
        value = self._rest.pop(key, None)
        if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
            return value
        raise ValidationError("must be a number", location=key)

    def lines(self, key: str) -> list[tuple[str, int]]:
        lines: list[tuple[str, int]] = []
        value = self._rest.pop(key, None)
        for line in value if isinstance(value, list) else [value]:
            match line:
                case {"code": str(code), "quantity": int(quantity), **rest} if (
                    _is_valid_quantity(quantity) and not rest
                ):
                    lines.append((code, quantity))
                case _:
                    raise ValidationError("must be a list of {code, quantity}, quantities of 1 or more", location=key)
        return lines

    def texts(self, key: str) -> dict[str, str]:
        value = self._rest.pop(key, None)
        if not isinstance(value, dict):
            raise ValidationError("must be an object of texts", location=key)
        checked = {name: choice for name, choice in value.items() if isinstance(choice, str)}
        if len(checked) != len(value):
            raise ValidationError("must be an object of texts", location=key)
        return checked

    def require_empty(self) -> None:
        if self._rest:
            raise ValidationError(f"unknown keys {', '.join(sorted(self._rest))}", location=self._call)


def _is_valid_quantity(quantity: int) -> bool:
    return quantity > 0 and not isinstance(quantity, bool)


def _parse_datetime(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValidationError(f"{text!r} is no time", location="advance_to") from error
    if moment.tzinfo is None:
        raise ValidationError(f"{text!r} has no time zone", location="advance_to")
    return moment


def _record_document(record: Record) -> dict[str, object]:
    return {
        "at": record.at.isoformat(),
        "operation": record.operation,
        "remote_id": record.remote_id,
        "effect": record.effect,
    }
