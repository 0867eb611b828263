"""The services of the toy integrations."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import ClassVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from orderdesk_devkit.simulators.simulator import BehaviorOption, Effect, Simulator
from orderdesk_sdk.clock import Clock, hours, minutes

KEY = "a-key-for-toys-7f2b"


class ToyShop(Simulator):
    """Cancels three minutes after it was asked, ships after an hour."""

    options: ClassVar[tuple[BehaviorOption, ...]] = (
        BehaviorOption("fate", ("honored", "ships"), description="how a cancel ends"),
    )
    canceled_statuses = frozenset({"canceled"})
    contradicting_options: ClassVar[Mapping[str, str]] = {"fate": "ships"}
    key = KEY
    takes = minutes(3)
    """From a cancel that was asked for to canceled."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self._orders: dict[str, datetime] = {}
        self._asked: dict[str, datetime] = {}

    def settings(self, url: str) -> Mapping[str, object]:
        return {"endpoint": url, "api_key": KEY, "mailbox": "stop@toys.example"}

    def add_order(self, remote_id: str, *, lines: Sequence[tuple[str, int]]) -> None:
        self._orders[remote_id] = self.clock.now()

    def actual_status(self, remote_id: str) -> str:
        now, asked = self.clock.now(), self._asked.get(remote_id)
        if asked is not None and self.option("fate", remote_id) == "honored":
            return "canceled" if now >= asked + self.takes else "open"
        return "shipped" if now >= self._orders[remote_id] + hours(1) else "open"

    def respond(self, request: Request, body: bytes) -> Response:
        if request.headers.get("x-key") != self.key:
            return JSONResponse({"error": "who are you?"}, 401)
        status, said = self._answer(request.method, request.url.path, body)
        return JSONResponse(said, status)

    def _answer(self, method: str, path: str, body: bytes) -> tuple[int, dict[str, object]]:
        number = path.split("/")[2] if path.count("/") > 1 else ""
        if method == "POST":
            number = json.loads(body)["number"]
            self._orders[number] = self.clock.now()
            self.record("create", number, "created", effect_kind=Effect.ORDER_CREATED)
            return 201, {"number": number, "status": "open"}
        if number not in self._orders:
            return 404, {"error": "no such order"}
        if method == "GET":
            return 200, {"number": number, "status": self.actual_status(number)}
        if self.actual_status(number) != "open":
            return 409, {"error": f"it is {self.actual_status(number)}"}
        self._asked.setdefault(number, self.clock.now())
        self.record("cancel", number, "taken", effect_kind=Effect.CANCEL_ACCEPTED)
        return 200, {"number": number, "taken": True}


class QuickShop(ToyShop):
    """Cancels at once, and its response says whether it did."""

    takes = minutes(0)

    def _answer(self, method: str, path: str, body: bytes) -> tuple[int, dict[str, object]]:
        status, said = super()._answer(method, path, body)
        return status, said | ({"taken": self.option("fate") == "honored"} if "taken" in said else {})


class CountingShop(ToyShop):
    """Is told how many pieces are to be left of an order, and stops it when none is."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self._left: dict[str, int] = {}

    def add_order(self, remote_id: str, *, lines: Sequence[tuple[str, int]]) -> None:
        super().add_order(remote_id, lines=lines)
        self._left[remote_id] = sum(quantity for _, quantity in lines)

    def _answer(self, method: str, path: str, body: bytes) -> tuple[int, dict[str, object]]:
        status, said = super()._answer(method, path, body)
        number = str(said.get("number"))
        if method == "PUT" and status == 200:
            self._left[number] = json.loads(body)["left"]
        return status, said | ({"left": self._left[number]} if number in self._left else {})


class TokenShop(ToyShop):
    """Takes a token in place of the key, which it gives to whoever asks."""

    key = "5f0c2c1e9a7b4d3e8f6a1b2c3d4e5f60"

    def respond(self, request: Request, body: bytes) -> Response:
        if request.url.path == "/token":
            return JSONResponse({"access_token": self.key, "expires_in": 3600})
        return super().respond(request, body)


class ClosedShop(ToyShop):
    """Lets nobody in."""

    key = "of-nobody"


class MisnamedShop(ToyShop):
    """Calls canceled what its orders never are."""

    canceled_statuses = frozenset({"CANCELLED"})


class DumbShop(ToyShop):
    """Does not tell what its words mean."""

    canceled_statuses = frozenset()
