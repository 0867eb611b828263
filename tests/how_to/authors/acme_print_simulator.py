"""An Acme Print on your own machine, by its document. How long anything takes is invented."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import ClassVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from orderdesk_sdk.clock import Clock, hours, minutes
from orderdesk_sdk.errors import NotFoundError
from orderdesk_sdk.testing.simulator import Deed, Simulator, Switch

KEY = "a-key-for-simulators-only"


class AcmePrintSimulator(Simulator):
    """Decides on a cancel after three minutes, prints after an hour, ships after two."""

    switches: ClassVar[tuple[Switch, ...]] = (
        Switch("fate", ("honored", "ships"), text="what becomes of a cancel that was accepted"),
    )
    canceled_words: ClassVar[frozenset[str]] = frozenset({"canceled"})
    dishonored: ClassVar[Mapping[str, str]] = {"fate": "ships"}

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self._came: dict[str, datetime] = {}
        self._asked: dict[str, datetime] = {}

    def settings(self, url: str) -> Mapping[str, object]:
        return {"api_key": KEY, "base_url": url}

    def add_order(self, remote_id: str, *, lines: Sequence[tuple[str, int]] = ()) -> None:
        self._came[remote_id] = self.clock.now()

    def truth(self, remote_id: str) -> str:
        if remote_id not in self._came:
            raise NotFoundError("there is no such order", place=remote_id)
        now, asked = self.clock.now(), self._asked.get(remote_id)
        if asked is not None and self.switch("fate", remote_id) == "honored":
            return "canceled" if now >= asked + minutes(3) else "open"
        age = now - self._came[remote_id]
        return "shipped" if age >= hours(2) else "printing" if age >= hours(1) else "open"

    def respond(self, request: Request, body: bytes) -> Response:
        if request.headers.get("x-api-key") != KEY:
            status, said = 401, dict[str, object](error="who are you?")
        else:
            status, said = self._answer(request.method, request.url.path)
        return JSONResponse(said, status)

    def _answer(self, method: str, path: str) -> tuple[int, dict[str, object]]:
        match method, path.strip("/").split("/"):
            case _, ["orders", number, *_] if number not in self._came:
                return 404, {"error": "no such order"}
            case "GET", ["orders", number]:
                return 200, {"number": number, "status": self.truth(number)}
            case "PUT", ["orders", number, "cancel"]:
                if number not in self._asked and self.truth(number) != "open":
                    return 409, {"status": self.truth(number)}
                self._asked.setdefault(number, self.clock.now())
                self.record("cancel", number, "accepted", deed=Deed.CANCEL_TAKEN)
                return 202, {"accepted": True}
            case _:
                return 404, {"error": "no such call"}
