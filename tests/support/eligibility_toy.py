"""A toy marketplace that says of each order whether it would cancel it, and with which reasons; it decides later."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

import httpx
from attrs import evolve

from orderdesk_devkit.simulators.simulator import BehaviorOption, Effect
from orderdesk_sdk.clock import Clock, hours, minutes
from orderdesk_sdk.plugin import answer
from orderdesk_sdk.plugin.answer import Answer, Rejection
from orderdesk_sdk.plugin.eligibility import Eligibility, ReadPerOrder
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.integration import Integration
from orderdesk_sdk.plugin.reasons import ReasonCode, ReasonList, StandardReason
from orderdesk_sdk.plugin.requests import CancelRequest, EligibilityRequest
from orderdesk_sdk.plugin.routes import Button, Polling
from orderdesk_sdk.plugin.service import Flow, Service
from orderdesk_sdk.plugin.toolkit.json_response import (
    auth_or_rate_limit_answer,
    get_path,
    json_object,
    text_at,
    values_at,
)
from tests.support.toy_plugin import Toy, ToySettings
from tests.support.toy_simulators import ToyShop

BUYER, STOCK, OTHER = "BUYER_ASKED", "OUT_OF_STOCK", "OTHER_REASON"
CODES = (
    ReasonCode(BUYER, "The buyer asked for it", [StandardReason.CUSTOMER_ASKED, StandardReason.ADDRESS]),
    ReasonCode(STOCK, "Out of stock", [StandardReason.OUT_OF_STOCK], note="counts against the seller"),
    ReasonCode(
        OTHER,
        "Another reason",
        set(StandardReason) - {StandardReason.CUSTOMER_ASKED, StandardReason.ADDRESS, StandardReason.OUT_OF_STOCK},
    ),
)


def named(response: httpx.Response) -> Sequence[str]:
    """The codes that the marketplace names."""
    return [str(code) for code in values_at(response, "reasons", "*")]


class AsksFirst(Toy):
    """Reads what the marketplace says of the order, and tells it one of the reasons that it takes."""

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        button = Button(
            Polling(every=minutes(2), give_up=hours(3)),
            eligibility=ReadPerOrder(valid_for=minutes(10)),
            reasons=ReasonList(CODES, read_per_order=True),
        )
        return evolve(super().orderdesk_integration(), cancel=(button,), title="Toy market")

    @hookimpl
    def orderdesk_read_eligibility(
        self, request: EligibilityRequest, service: Service[ToySettings]
    ) -> Flow[Eligibility | Answer]:
        body = {"number": request.remote_id}
        response = yield service.post("/eligibility", operation="eligibility", read_only=True, json=body)
        if not response.is_success:
            return auth_or_rate_limit_answer(response, access_hint="the key") or answer.unknown(response)
        return self.read(response)

    def read(self, response: httpx.Response) -> Eligibility:
        """What the response says."""
        if get_path(json_object(response), "eligible") is True:
            taken = named(response)
            return Eligibility(True, [code for code in CODES if code.code in taken])
        return Eligibility(False, rejection=Rejection.TOO_LATE, message=text_at(response, "why"))

    @hookimpl
    def orderdesk_cancel(self, request: CancelRequest, service: Service[ToySettings]) -> Flow[Answer]:
        body = {"number": request.remote_id, "reason": request.reason.code}
        response = yield service.post("/cancellations", operation="cancel", json=body)
        if not response.is_success:
            return auth_or_rate_limit_answer(response, access_hint="the key") or answer.unknown(response)
        said = json_object(response)
        if "cancelId" in said:
            return answer.acknowledged(response)
        return answer.rejected(response, Rejection.NOT_ALLOWED, message=text_at(response, "warning"))


class OffersEveryReason(AsksFirst):
    """Offers the reasons of its own list, whatever the marketplace says."""

    def read(self, response: httpx.Response) -> Eligibility:
        return evolve(super().read(response), reasons=CODES)


class CallsEveryOrderEligible(AsksFirst):
    """Does not look at what the marketplace says."""

    def read(self, response: httpx.Response) -> Eligibility:
        return Eligibility(True, [code for code in CODES if code.code in named(response)])


class DoesNotSay(AsksFirst):
    """Makes the call, and leaves what it says unread."""

    def read(self, response: httpx.Response) -> Eligibility:
        return evolve(super().read(response), is_eligible=None, rejection=None)


class ReadsByWriting(AsksFirst):
    """Finds out whether the marketplace cancels by asking it to, and calls that a read."""

    is_called_read = True

    @hookimpl
    def orderdesk_read_eligibility(
        self, request: EligibilityRequest, service: Service[ToySettings]
    ) -> Flow[Eligibility | Answer]:
        body = {"number": request.remote_id, "reason": BUYER}
        response = yield service.post(
            "/cancellations", operation="eligibility", read_only=self.is_called_read, json=body
        )
        return Eligibility("cancelId" in json_object(response), CODES)


class AdmitsThatItWrites(ReadsByWriting):
    """Does the same, and calls it what it is."""

    is_called_read = False


class Market(ToyShop):
    """Answers 200 with a warning, and without an id, where it takes no cancel."""

    options: ClassVar[tuple[BehaviorOption, ...]] = (
        *ToyShop.options,
        BehaviorOption("reasons", ("all", "no stock"), description="whether stock is a reason"),
    )

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.asked: list[tuple[datetime, str]] = []
        """When it was asked whether it would cancel which order."""
        self.is_down = False

    def eligibility(self, remote_id: str) -> Eligibility:
        is_open = self.actual_status(remote_id) == "open" and remote_id not in self._asked
        return Eligibility(is_open, [code for code in CODES if is_open and code.code in self._codes(remote_id)])

    def _codes(self, remote_id: str) -> Sequence[str]:
        without = STOCK if self.option("reasons", remote_id) == "no stock" else None
        return [code.code for code in CODES if code.code != without]

    def _answer(self, method: str, path: str, body: bytes) -> tuple[int, dict[str, object]]:
        if method != "POST" or path == "/orders":
            return super()._answer(method, path, body)
        said = json.loads(body)
        number = said["number"]
        if number not in self._orders:
            return 404, {"error": "no such order"}
        truth = self.eligibility(number)
        if path == "/eligibility":
            self.asked.append((self.clock.now(), number))
            if self.is_down:
                return 503, {"error": "try later"}
            codes = [code.code for code in truth.reasons]
            why = {} if truth.is_eligible else {"why": f"the order is {self.actual_status(number)}"}
            return 200, {"number": number, "eligible": truth.is_eligible, "reasons": codes, **why}
        if not truth.is_eligible or said["reason"] not in [code.code for code in truth.reasons]:
            return 200, {"number": number, "warning": "this order cannot be canceled with this reason"}
        self._asked[number] = self.clock.now()
        self.record("cancel", number, "taken", effect_kind=Effect.CANCEL_ACCEPTED)
        return 200, {"number": number, "cancelId": f"c-{number}"}
