"""A toy service that cancels a shipment when its labels are void, each by a call of its own that cannot be undone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from attrs import evolve
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from orderdesk_devkit.simulators.simulator import BehaviorOption
from orderdesk_sdk.clock import Clock, hours, minutes
from orderdesk_sdk.plugin import answer
from orderdesk_sdk.plugin.answer import Answer, Rejection
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.integration import Integration, SideEffect
from orderdesk_sdk.plugin.prior_steps import PriorStep
from orderdesk_sdk.plugin.requests import CancelRequest
from orderdesk_sdk.plugin.routes import Button, Polling
from orderdesk_sdk.plugin.service import FlowWithSteps, Service
from orderdesk_sdk.plugin.steps import Step
from orderdesk_sdk.plugin.toolkit.json_response import json_object, values_at
from tests.support.toy_plugin import Toy, ToySettings
from tests.support.toy_simulators import ToyShop

VOID = PriorStep("void the labels", effect=SideEffect.SHIPPING_LABEL)
LABELS = ("L1", "L2", "L3")


class VoidsLabels(Toy):
    """Voids each label, then cancels the shipment; where one is not void the shipment is left."""

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        button = Button(Polling(every=minutes(2), give_up=hours(3)), prior=(VOID,))
        return evolve(super().orderdesk_integration(), cancel=(button,), title="Label toys")

    @hookimpl
    def orderdesk_cancel(  # type: ignore[override]  # the plain toy has no steps
        self, request: CancelRequest, service: Service[ToySettings]
    ) -> FlowWithSteps[Answer]:
        listed = yield service.get("/labels", request.remote_id)
        if not listed.is_success:
            return answer.unknown(listed)
        refused = None
        for label in map(str, values_at(listed, "labels", "*")):
            step = Step(VOID.name, f"label {label}")
            response = yield step.call(service.put("/labels", request.remote_id, label, operation="void"))
            if response.is_success and json_object(response).get("approved") is True:
                yield step.done(response)
            elif response.is_success:
                yield step.refused(response, message="in transit")
                refused = response
            else:
                return answer.unknown(response)
        if refused is not None:
            return answer.rejected(refused, Rejection.SHIPPED, message="a label is in transit")
        response = yield service.put("/orders", request.remote_id, "cancel", operation="cancel")
        if response.is_success and json_object(response).get("taken") is True:
            return answer.acknowledged(response)
        return (
            answer.rejected(response, Rejection.TOO_LATE) if response.status_code == 409 else answer.unknown(response)
        )


class TellsNothingOfLabels(VoidsLabels):
    """Voids labels, and does not say what came of it."""

    @hookimpl
    def orderdesk_cancel(  # type: ignore[override]  # see above
        self, request: CancelRequest, service: Service[ToySettings]
    ) -> FlowWithSteps[Answer]:
        flow = super().orderdesk_cancel(request, service)
        step = next(flow)
        while True:
            try:
                step = flow.send((yield step))
                while not hasattr(step, "method"):
                    step = next(flow)
            except StopIteration as stop:
                result: Answer = stop.value
                return result


class CallsEveryLabelVoid(VoidsLabels):
    """Takes every 200 for a label that is void."""

    @hookimpl
    def orderdesk_cancel(  # type: ignore[override]  # see above
        self, request: CancelRequest, service: Service[ToySettings]
    ) -> FlowWithSteps[Answer]:
        for label in LABELS:
            step = Step(VOID.name, f"label {label}")
            response = yield step.call(service.put("/labels", request.remote_id, label, operation="void"))
            yield step.done(response)
        response = yield service.put("/orders", request.remote_id, "cancel", operation="cancel")
        return answer.acknowledged(response) if response.is_success else answer.unknown(response)


class LabelShop(ToyShop):
    """Lists the labels of a shipment that are not void, and voids each once."""

    options: ClassVar[tuple[BehaviorOption, ...]] = (
        *ToyShop.options,
        BehaviorOption("labels", ("voidable", "one in transit"), description="whether every label can be voided"),
    )

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.voids: list[str] = []
        """The calls that voided a label, or asked to."""
        self.hides_void_labels = True
        """Whether a list leaves out what is void."""
        self.turns_away = 0
        """How many cancels are turned away as too many."""

    def respond(self, request: Request, body: bytes) -> Response:
        if self.turns_away and request.url.path.endswith("/cancel"):
            self.turns_away -= 1
            return JSONResponse({"error": "too many calls"}, 429, {"retry-after": "60"})
        return super().respond(request, body)

    def prior_steps(self, remote_id: str) -> Mapping[tuple[str, str | None], int]:
        return {(VOID.name, f"label {label}"): self.voids.count(f"{remote_id} {label} void") for label in LABELS}

    def _answer(self, method: str, path: str, body: bytes) -> tuple[int, dict[str, object]]:
        if not path.startswith("/labels/"):
            return super()._answer(method, path, body)
        number, *label = path.split("/")[2:]
        if number not in self._orders:
            return 404, {"error": "no such order"}
        if method == "GET":
            void = [one for one in LABELS if self.hides_void_labels and f"{number} {one} void" in self.voids]
            return 200, {"number": number, "labels": [one for one in LABELS if one not in void]}
        moving = self.option("labels", number) == "one in transit" and label == ["L2"]
        self.voids.append(f"{number} {label[0]} {'refused' if moving else 'void'}")
        return 200, {"number": number, "approved": not moving}


def labels_of(voids: Sequence[str], number: str) -> list[str]:
    """What was asked of the labels of an order, in order."""
    return [one.partition(" ")[2] for one in voids if one.startswith(f"{number} ")]
