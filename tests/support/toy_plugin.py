"""A toy integration to test the conformance suite with: one plugin as it should be, others that each break a law."""

from __future__ import annotations

import json
import logging
import socket
import time
from uuid import uuid4

import httpx
from attrs import evolve

from orderdesk_sdk.clock import hours, minutes
from orderdesk_sdk.orders.order import RemoteOrder
from orderdesk_sdk.plugin import answer
from orderdesk_sdk.plugin.answer import Answer, Rejection
from orderdesk_sdk.plugin.auth import HeaderAuth
from orderdesk_sdk.plugin.connection_settings import custom, secret, setting, settings, url
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.integration import Integration, NewNumber, NoResubmission
from orderdesk_sdk.plugin.oauth import ClientCredentialsAuth
from orderdesk_sdk.plugin.order_numbers import NotStated, StatedAt
from orderdesk_sdk.plugin.reasons import ReasonCode, ReasonList, StandardReason
from orderdesk_sdk.plugin.requests import CancelRequest, PollRequest, ResubmitRequest
from orderdesk_sdk.plugin.routes import Button, Email, FinalResponse, Polling, normalize_status
from orderdesk_sdk.plugin.service import Flow, Service
from orderdesk_sdk.plugin.toolkit.json_response import auth_or_rate_limit_answer, integer_at, json_object, text_at
from orderdesk_sdk.secret import Secret


@settings
class ToySettings:
    endpoint: str = url(help="the shop")
    api_key: Secret = secret(help="the key")
    mailbox: str = setting(str, help="where it takes mail", default="")
    folder: str = setting(str, help="where it leaves files", default="", of_machine=True)
    words: str = setting(str, help="what a mail says", default="Please stop order {remote_id}")


class Toy:
    """As it should be."""

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        return Integration(
            slug="toy",
            title="Toys",
            settings=ToySettings,
            base_url="endpoint",
            resubmission=NewNumber(),
            cancel=(Button(Polling(every=minutes(2), give_up=hours(3))),),
            auth=lambda its: HeaderAuth({"x-key": its.api_key}),
            identified_by={"*": StatedAt("number")},
        )

    @hookimpl
    def orderdesk_cancel(self, request: CancelRequest, service: Service[ToySettings]) -> Flow[Answer]:
        response = yield service.put("/orders", request.remote_id, "cancel", operation="cancel", idempotent=True)
        if response.is_success and json_object(response).get("taken") is True:
            return answer.acknowledged(response)
        if response.status_code == 409:
            return answer.rejected(response, Rejection.TOO_LATE)
        return auth_or_rate_limit_answer(response, access_hint="the key") or answer.unknown(response)

    @hookimpl
    def orderdesk_poll(self, request: PollRequest, service: Service[ToySettings]) -> Flow[Answer]:
        response = yield service.get("/orders", request.remote_id)
        if not response.is_success:
            return auth_or_rate_limit_answer(response, access_hint="the key") or answer.unknown(response)
        match normalize_status(text_at(response, "status")):
            case "canceled":
                return answer.canceled(response)
            case "shipped":
                return answer.rejected(response, Rejection.SHIPPED)
            case "open":
                return answer.pending(response)
            case _:
                return answer.unknown(response)

    @hookimpl
    def orderdesk_resubmit(self, request: ResubmitRequest, service: Service[ToySettings]) -> Flow[Answer | RemoteOrder]:
        number = request.order.number
        there = yield service.get("/orders", number)
        if there.status_code == 404:
            there = yield service.post("/orders", json={"number": number})
        if there.is_success and text_at(there, "number") == number:
            return service.remote_order(number)
        return auth_or_rate_limit_answer(there, access_hint="the key") or answer.unknown(there)


class Final(Toy):
    """Its service's response is the last word, and it says so."""

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        return Integration(
            slug="toy",
            title="Toys",
            settings=ToySettings,
            base_url="endpoint",
            resubmission=NoResubmission("buy another"),
            cancel=(Button(FinalResponse()),),
            auth=lambda its: HeaderAuth({"x-key": its.api_key}),
            identified_by={"*": StatedAt("number")},
        )

    @hookimpl
    def orderdesk_cancel(self, request: CancelRequest, service: Service[ToySettings]) -> Flow[Answer]:
        response = yield service.put("/orders", request.remote_id, "cancel", operation="cancel")
        told = response.is_success and json_object(response).get("taken") is True
        return answer.canceled(response) if told else answer.unknown(response)


class BelievesEveryReply(Final):
    """Takes every 2xx for the service's last word, whatever it says."""

    @hookimpl
    def orderdesk_cancel(self, request: CancelRequest, service: Service[ToySettings]) -> Flow[Answer]:
        response = yield service.put("/orders", request.remote_id, "cancel", operation="cancel")
        return answer.canceled(response) if response.is_success else answer.unknown(response)


class SaysCanceledAtOnce(Toy):
    """Takes every 2xx for a cancel, although it declares that the truth is polled."""

    @hookimpl
    def orderdesk_cancel(self, request: CancelRequest, service: Service[ToySettings]) -> Flow[Answer]:
        response = yield service.put("/orders", request.remote_id, "cancel", operation="cancel", idempotent=True)
        return answer.canceled(response) if response.is_success else answer.unknown(response)


class LooksAndGuesses(Toy):
    """Looks at the order first, and takes one that it cannot read for one that is canceled already."""

    @hookimpl
    def orderdesk_cancel(self, request: CancelRequest, service: Service[ToySettings]) -> Flow[Answer]:
        seen = yield service.get("/orders", request.remote_id)
        if not seen.is_success:
            return answer.acknowledged(seen)
        return (yield from super().orderdesk_cancel(request, service))


class SetsWhatIsLeft(Toy):
    """Computes from what it reads how many pieces are to be left, and calls that repeatable."""

    @hookimpl
    def orderdesk_cancel(self, request: CancelRequest, service: Service[ToySettings]) -> Flow[Answer]:
        there = yield service.get("/orders", request.remote_id, redact_response=True)
        left = integer_at(there, json_object(there), "left") - sum(count for _, count in request.lines_to_cancel)
        path = f"/orders/{request.remote_id}/cancel"
        response = yield service.request("PUT", path, operation="cancel", idempotent=True, json={"left": left})
        return answer.acknowledged(response) if json_object(response).get("taken") is True else answer.unknown(response)


class TakesAnyOrder(Toy):
    """Does not say where a response states its order's number, because it has not looked."""

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        return evolve(Toy().orderdesk_integration(), identified_by={"*": NotStated("nobody has looked")})


class ReadsNothing(Toy):
    """Takes every order that is there for a canceled one."""

    @hookimpl
    def orderdesk_poll(self, request: PollRequest, service: Service[ToySettings]) -> Flow[Answer]:
        response = yield service.get("/orders", request.remote_id)
        return answer.canceled(response) if response.is_success else answer.unknown(response)


class TooManyCalls(Toy):
    """Tells a piece of its key to whoever reads the case."""

    @hookimpl
    def orderdesk_poll(self, request: PollRequest, service: Service[ToySettings]) -> Flow[Answer]:
        response = yield service.get("/orders", request.remote_id)
        return answer.unknown(response, message=f"signed with ...{service.settings.api_key.reveal()[4:24]}...")


class NotesItsToken(ClientCredentialsAuth):
    """Signs, and leaves the token in the log for whoever debugs it."""

    def sign(self, request: httpx.Request, token: Secret) -> None:
        logging.getLogger("toys").debug("signed with %s", token.reveal())
        request.headers["x-key"] = token.reveal()


class LeaksItsToken(Toy):
    """Fetches a token and logs it."""

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        return evolve(
            Toy().orderdesk_integration(),
            auth=lambda its: NotesItsToken(f"{its.endpoint}/token", Secret("toys"), its.api_key),
        )


class Raises(Toy):
    """Reads responses as if they were always what they should be."""

    @hookimpl
    def orderdesk_poll(self, request: PollRequest, service: Service[ToySettings]) -> Flow[Answer]:
        response = yield service.get("/orders", request.remote_id)
        done = json.loads(response.content)["status"] == "canceled"
        return answer.canceled(response) if done else answer.pending(response)


class CreatesBlindly(Toy):
    """Does not look whether the order is there before it makes it."""

    @hookimpl
    def orderdesk_resubmit(self, request: ResubmitRequest, service: Service[ToySettings]) -> Flow[Answer | RemoteOrder]:
        made = yield service.post("/orders", json={"number": request.order.number})
        return service.remote_order(request.order.number) if made.status_code == 201 else answer.unknown(made)


class Writes(Toy):
    """Is asked by mail only."""

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        return Integration(
            slug="toy",
            title="Toys",
            settings=ToySettings,
            base_url="endpoint",
            resubmission=NoResubmission("write to them"),
            cancel=(Email(to="mailbox", subject="words", body="words"),),
        )


class ForgetsTheNumber(Writes):
    """Its mail does not say which order."""

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        mail = Email(to="mailbox", subject="mailbox", body="mailbox")
        return evolve(super().orderdesk_integration(), cancel=(mail,))


class GuessesNumbers(Toy):
    """Sends a number that it makes up anew each time, so that no replay makes the same call."""

    @hookimpl
    def orderdesk_cancel(self, request: CancelRequest, service: Service[ToySettings]) -> Flow[Answer]:
        path = f"/orders/{request.remote_id}/cancel"
        response = yield service.request("PUT", path, params={"key": str(uuid4())}, operation="cancel", idempotent=True)
        return answer.acknowledged(response) if json_object(response).get("taken") is True else answer.unknown(response)


class LooksAtTheClock(Toy):
    """Sends the second in which it asks, as its machine has it."""

    @hookimpl
    def orderdesk_poll(self, request: PollRequest, service: Service[ToySettings]) -> Flow[Answer]:
        response = yield service.get("/orders", request.remote_id, params={"at": str(int(time.time()))})
        return answer.canceled(response) if text_at(response, "status") == "canceled" else answer.pending(response)


class CallsAway(Toy):
    """Tells somebody else of every cancel."""

    @hookimpl
    def orderdesk_cancel(self, request: CancelRequest, service: Service[ToySettings]) -> Flow[Answer]:
        response = yield service.put("/orders", request.remote_id, "cancel", operation="cancel", idempotent=True)
        yield service.request_url("GET", f"https://collect.example/{request.remote_id}", operation="count")
        return answer.acknowledged(response)


class OpensSockets(Toy):
    """Looks the service up by itself before it asks."""

    @hookimpl
    def orderdesk_cancel(self, request: CancelRequest, service: Service[ToySettings]) -> Flow[Answer]:
        with socket.socket() as mine:
            mine.connect_ex(("127.0.0.1", 9))
        response = yield service.put("/orders", request.remote_id, "cancel", operation="cancel", idempotent=True)
        return answer.acknowledged(response)


class HasAGap(Toy):
    """Takes a reason of a list in which none stands for fraud."""

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        all_but_one = ReasonCode("X1", "Anything", frozenset(StandardReason) - {StandardReason.FRAUD})
        button = Button(Polling(every=minutes(2), give_up=hours(3)), reasons=ReasonList((all_but_one,)))
        return evolve(Toy().orderdesk_integration(), cancel=(button,))


class NeverReachesItsMail(Toy):
    """Has a second way that nobody ever comes to."""

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        mail = Email(to="mailbox", subject="mailbox", body="mailbox")
        return evolve(Toy().orderdesk_integration(), cancel=(Button(FinalResponse()), mail))


def read_size(value: object, _place: str) -> int:
    """Reads a size as if it were always one."""
    return int(str(value))


@settings
class SizedSettings(ToySettings):
    size: int = custom(read_size, help="how big", default=1)


class TrustsItsSettings(Toy):
    """Takes whatever is written for a size for one."""

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        return evolve(Toy().orderdesk_integration(), settings=SizedSettings)


class SendsASet(Toy):
    """Sends codes in the order in which a set gives them, which is another in every process."""

    @hookimpl
    def orderdesk_cancel(self, request: CancelRequest, service: Service[ToySettings]) -> Flow[Answer]:
        codes = {f"code-{number}" for number in range(20)}
        path = f"/orders/{request.remote_id}/cancel"
        response = yield service.request("PUT", path, json=list(codes), operation="cancel", idempotent=True)
        return answer.acknowledged(response) if json_object(response).get("taken") is True else answer.unknown(response)


class TellsLocalTime(Toy):
    """Sends when the order was submitted, by the clock on its machine's wall."""

    @hookimpl
    def orderdesk_poll(self, request: PollRequest, service: Service[ToySettings]) -> Flow[Answer]:
        local = request.remote_order.submitted_at.astimezone().isoformat()
        response = yield service.get("/orders", request.remote_id, params={"of": local})
        return answer.canceled(response) if text_at(response, "status") == "canceled" else answer.pending(response)
