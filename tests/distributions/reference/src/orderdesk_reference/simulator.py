"""Maker and cart on one machine. Invented from end to end: it is the only specification of the two."""

from __future__ import annotations

import json
from collections.abc import Mapping

from orderdesk_devkit.simulators.simple import Durations, Outcome, Request, SimpleSimulator, same
from orderdesk_devkit.simulators.simulator import Deed
from orderdesk_sdk.plugin import Clock

KEY = "not-a-real-key-of-the-reference"
MESSAGE_SECRET = "not-a-real-secret-of-messages"


Orders = Mapping[str, list[Mapping[str, str]]]


class CartSimulator(SimpleSimulator):
    """Takes a cancel until an order is packed, and has it canceled eight minutes later."""

    def __init__(self, clock: Clock, *, durations: Durations | None = None) -> None:
        super().__init__(clock, durations=durations)
        self._references: dict[str, str] = {}
        self._labels: dict[str, str] = {}

    def settings(self, url: str) -> Mapping[str, object]:
        return {"base_url": url, "api_key": KEY}

    def lets_in(self, request: Request) -> bool:
        return same(request.headers.get("x-api-key"), KEY)

    def shown(self, number: str, stage: str) -> Mapping[str, object]:
        more = {"reference": self._references.get(number, "none"), "label": self._labels.get(number, "none")}
        return {"order": {"number": number, "status": stage, **more}}

    def answer(self, request: Request, body: bytes) -> tuple[str, str | None, Outcome]:
        if not self.lets_in(request):
            return super().answer(request, body)
        match request.method, request.url.path.strip("/").split("/"):
            case "POST", ["orders"]:
                return self._create(json.loads(body))
            case "POST", ["cancellations"]:
                return self._cancel_many(request, json.loads(body))
            case "PUT", ["orders", number, "label"] if self.has(number):
                return "label", number, self._label(number, json.loads(body)["label"])
            case _:
                return super().answer(request, body)

    def _create(self, order: Mapping[str, object]) -> tuple[str, str | None, Outcome]:
        number = str(order["number"])
        if self.has(number):
            return "create", number, Outcome(409, "refused: used", {"error": "the number is used"})
        self.put(number)
        self._references[number] = str(order["reference"])
        shown = self.shown(number, self.stages.waiting)
        return "create", number, Outcome(201, "created", shown, Deed.ORDER_CREATED)

    def _cancel_many(self, request: Request, document: Orders) -> tuple[str, str | None, Outcome]:
        results = []
        for asked in document["orders"]:
            path = f"{self.base}/{asked['number']}/{self.verb}"
            alone = Request({**request.scope, "path": path, "raw_path": path.encode()})
            operation, number, outcome = super().answer(alone, b"")
            self.record(operation, number, outcome.effect, deed=outcome.deed)
            results.append({"number": number, "taken": outcome.deed is Deed.CANCEL_TAKEN})
        return "cancel many", None, Outcome(200, f"{len(results)} answered", {"results": results})

    def _label(self, number: str, label: str) -> Outcome:
        if self.truth(number) != self.stages.waiting:
            return Outcome(409, "label refused", {"error": f"it is {self.truth(number)}"})
        self._labels[number] = label
        return Outcome(200, f"labeled {label}", self.shown(number, self.stages.waiting))


class MakerSimulator(CartSimulator):
    """The same orders; it also reads mail, and sends messages."""

    def settings(self, url: str) -> Mapping[str, object]:
        mail = {"cancel_email_to": "cancellations@reference.example"}
        return {**super().settings(url), **mail, "webhook_secret": MESSAGE_SECRET}
