"""Toy services that hold an order before it is canceled: one lets it go again, the other does not."""

from __future__ import annotations

import json
from collections.abc import Mapping

from attrs import evolve
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from orderdesk_sdk.clock import Clock, hours, minutes
from orderdesk_sdk.plugin import answer
from orderdesk_sdk.plugin.answer import Answer, Rejection
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.integration import Integration, SettableStatus, SideEffect, SideEffectSwitch
from orderdesk_sdk.plugin.prior_steps import PriorStep
from orderdesk_sdk.plugin.requests import CancelRequest, StatusChangeRequest
from orderdesk_sdk.plugin.routes import Button, FinalResponse, ManualConfirmation, Polling
from orderdesk_sdk.plugin.service import Flow, FlowWithSteps, Service
from orderdesk_sdk.plugin.steps import Step
from orderdesk_sdk.plugin.toolkit.json_response import json_object
from tests.support.toy_plugin import Toy, ToySettings
from tests.support.toy_simulators import ToyShop

HOLD = PriorStep("hold the order", undo="released")
ONE_WAY_HOLD = PriorStep("hold the order")


class HoldsFirst(Toy):
    """Holds an order, then asks to cancel it; releases it where the cancellation is withdrawn."""

    hold = HOLD

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        button = Button(Polling(every=minutes(2), give_up=hours(3)), prior=(self.hold,))
        statuses = (SettableStatus("released", "Released"),)
        return evolve(super().orderdesk_integration(), cancel=(button,), statuses=statuses, title="Hold toys")

    @hookimpl
    def orderdesk_cancel(  # type: ignore[override]  # the plain toy has no steps
        self, request: CancelRequest, service: Service[ToySettings]
    ) -> FlowWithSteps[Answer]:
        step = Step(self.hold.name)
        held = yield step.call(service.put("/orders", request.remote_id, "hold", operation="hold", idempotent=True))
        if held.is_success and json_object(held).get("held") is True:
            yield step.done(held)
        elif held.status_code == 409:
            yield step.refused(held)
            return answer.rejected(held, Rejection.TOO_LATE)
        else:
            return answer.unknown(held)
        response = yield service.put("/orders", request.remote_id, "cancel", operation="cancel", idempotent=True)
        if response.is_success and json_object(response).get("taken") is True:
            return answer.acknowledged(response)
        return answer.unknown(response)

    @hookimpl
    def orderdesk_change_status(self, request: StatusChangeRequest, service: Service[ToySettings]) -> Flow[Answer]:
        read = yield service.get("/orders", request.remote_id)
        if not read.is_success:
            return answer.unknown(read)
        if json_object(read).get("held") is not True:
            return answer.changed(read)
        response = yield service.put("/orders", request.remote_id, "release", operation="release", idempotent=True)
        if response.is_success and json_object(response).get("held") is False:
            return answer.changed(response)
        return answer.unknown(response)


class HoldsForGood(HoldsFirst):
    """Holds an order for good, and a person cancels it."""

    hold = ONE_WAY_HOLD

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        button = Button(ManualConfirmation(hours(4)), prior=(self.hold,))
        return evolve(super().orderdesk_integration(), cancel=(button,))

    @hookimpl
    def orderdesk_cancel(  # type: ignore[override]  # see above
        self, request: CancelRequest, service: Service[ToySettings]
    ) -> FlowWithSteps[Answer]:
        step = Step(self.hold.name)
        held = yield step.call(service.put("/orders", request.remote_id, "hold", operation="hold", idempotent=True))
        if held.is_success and json_object(held).get("held") is True:
            yield step.done(held)
            return answer.acknowledged(held, message="It is held; a person cancels it in the portal")
        return answer.unknown(held)


class HoldsForAFee(HoldsFirst):
    """Holds an order where somebody said that it may cost a fee; else it only asks to cancel."""

    hold = PriorStep(HOLD.name, undo="released", effect=SideEffect.FEE)

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        fee = SideEffectSwitch(per_cancel=True, note="1 USD")
        return evolve(super().orderdesk_integration(), side_effects={SideEffect.FEE: fee})

    @hookimpl
    def orderdesk_cancel(  # type: ignore[override]  # see above
        self, request: CancelRequest, service: Service[ToySettings]
    ) -> FlowWithSteps[Answer]:
        if SideEffect.FEE in request.side_effects:
            return (yield from super().orderdesk_cancel(request, service))
        return (yield from Toy().orderdesk_cancel(request, service))


class HoldsForAFeeUnasked(HoldsForAFee):
    """Holds an order for a fee, whatever anybody said."""

    @hookimpl
    def orderdesk_cancel(  # type: ignore[override]  # see above
        self, request: CancelRequest, service: Service[ToySettings]
    ) -> FlowWithSteps[Answer]:
        return (yield from HoldsFirst.orderdesk_cancel(self, request, service))


class CallsAHoldCanceled(HoldsFirst):
    """Holds an order, and says that it is canceled."""

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        return evolve(super().orderdesk_integration(), cancel=(Button(FinalResponse(), prior=(self.hold,)),))

    @hookimpl
    def orderdesk_cancel(  # type: ignore[override]  # see above
        self, request: CancelRequest, service: Service[ToySettings]
    ) -> FlowWithSteps[Answer]:
        step = Step(self.hold.name)
        held = yield step.call(service.put("/orders", request.remote_id, "hold", operation="hold", idempotent=True))
        yield step.done(held)
        return answer.canceled(held)


class CallsItReleased(HoldsFirst):
    """Says that an order is released, and releases nothing."""

    @hookimpl
    def orderdesk_change_status(self, request: StatusChangeRequest, service: Service[ToySettings]) -> Flow[Answer]:
        read = yield service.get("/orders", request.remote_id)
        return answer.changed(read) if read.is_success else answer.unknown(read)


class HoldShop(ToyShop):
    """Holds and releases orders; one that is held does not ship."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.held: set[str] = set()
        self.calls: list[str] = []
        """What was done, as "verb number"."""
        self.turns_away = 0
        """How many cancels are turned away as too many."""

    def prior_steps(self, remote_id: str) -> Mapping[tuple[str, str | None], int]:
        return {(HOLD.name, None): int(remote_id in self.held)}

    def actual_status(self, remote_id: str) -> str:
        status = super().actual_status(remote_id)
        return "open" if status == "shipped" and remote_id in self.held else status

    def respond(self, request: Request, body: bytes) -> Response:
        if self.turns_away and request.url.path.endswith("/cancel"):
            self.turns_away -= 1
            return JSONResponse({"error": "too many calls"}, 429, {"retry-after": "60"})
        return super().respond(request, body)

    def _answer(self, method: str, path: str, body: bytes) -> tuple[int, dict[str, object]]:
        number, _, verb = path.removeprefix("/orders/").partition("/")
        if verb in ("hold", "release") and number in self._orders:
            if self.actual_status(number) != "open":
                return 409, {"error": "too late"}
            if (number in self.held) != (verb == "hold"):
                self.calls.append(f"{verb} {number}")
            (self.held.add if verb == "hold" else self.held.discard)(number)
            return 200, {"number": number, "held": number in self.held}
        status, said = super()._answer(method, path, body)
        return status, json.loads(json.dumps(said)) | ({"held": number in self.held} if status == 200 else {})
