"""The flows of a wire profile: cancel, check, and what a resubmission must know before it creates."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from orderdesk_sdk.clock import hours, minutes
from orderdesk_sdk.plugin import answer
from orderdesk_sdk.plugin.answer import Answer, Outcome, Refusal
from orderdesk_sdk.plugin.identity import Identity, StatedAt
from orderdesk_sdk.plugin.profiles.api_profile import FinalReply, WireProfile, WireRead, filled
from orderdesk_sdk.plugin.profiles.json_pointer import stated_again, steps_of, word_pointed
from orderdesk_sdk.plugin.routes import ByCheck, ByPerson, ByReply, Confirmation, fold
from orderdesk_sdk.plugin.toolkit.json_response import MalformedReply, json_object, turned_away
from orderdesk_sdk.plugin.toolkit.submission import look_before_create
from orderdesk_sdk.plugin.url_paths import filled_path

if TYPE_CHECKING:
    import httpx

    from orderdesk_sdk.orders.order import Placement
    from orderdesk_sdk.plugin.requests import CancelRequest, CheckRequest, ResubmitRequest
    from orderdesk_sdk.plugin.service import Flow, Service

__all__ = ["wire_before_create", "wire_cancel", "wire_check", "wire_confirmation"]

S = TypeVar("S")
ACCESS = "check the credentials of this connection with the service"


def wire_confirmation(profile: WireProfile | None) -> Confirmation:
    """What proves a cancel by this profile: the reply, a read-back, or a person."""
    if profile is None or (profile.read is None and profile.cancel.final is None):
        return ByPerson()
    return ByReply() if profile.cancel.final is not None else ByCheck(every=minutes(5), give_up=hours(24))


def wire_cancel(profile: WireProfile, request: CancelRequest, service: Service[S]) -> Flow[Answer]:
    """A cancel flow by a profile."""
    call = profile.cancel
    values = {
        "order_number": request.order.number,
        "reason": request.reason.code or request.reason.text or "",
        "remote_id": request.remote_id,
    }
    path = filled_path(call.path, values, f"connection {service.connection!r}, the path of its cancel call")
    reply = yield service.request(call.method, path, operation="cancel", json=filled(call.body, values))
    if reply.status_code in call.taken:
        return _final(call.final, call.identity, reply) if call.final is not None else answer.asked(reply)
    if reply.status_code in call.refused:
        return answer.refused(reply, Refusal.TOO_LATE, text=f"the service answered {reply.status_code}")
    if reply.status_code in call.unknown:
        return (yield from _unknown(profile, request, service, reply))
    return turned_away(reply, check=ACCESS) or answer.unclear(reply)


def _unknown(profile: WireProfile, request: CancelRequest, service: Service[S], reply: httpx.Response) -> Flow[Answer]:
    """What a cancel that was answered with "no such order" means. A wrong path answers so too, so the order is read."""
    text = f"the service does not know {request.remote_id}"
    if profile.read is None:
        return answer.refused(reply, Refusal.NOT_ALLOWED, text=text)
    there = yield _reading(profile.read, service, request.order.number, request.remote_id)
    if there.status_code in (*profile.read.unknown, reply.status_code):
        return answer.refused(reply, Refusal.NOT_ALLOWED, text=text)
    found = _read(profile.read, there)
    if found.outcome in (Outcome.CANCELED, Outcome.REFUSED):
        return found
    remedy = "look whether the path of the cancel call is right: the order can be read"
    return answer.not_done(reply, text=f"the cancel call was answered {reply.status_code}", remedy=remedy)


def _final(final: FinalReply, identity: Identity | None, reply: httpx.Response) -> Answer:
    """What a reply that is the service's last word says; its status alone says only that the request was taken."""
    status = _word(reply, final.status, identity)
    if fold(status) in final.canceled:
        return answer.canceled(reply, status=status)
    return answer.unclear(reply, status=status, text=f"the profile does not say that {status!r} is canceled")


def _word(reply: httpx.Response, pointer: str, identity: Identity | None) -> str:
    document, place = json_object(reply), f"reply {reply.status_code}"
    if isinstance(identity, StatedAt) and (again := stated_again(document, steps_of(pointer), identity.path)):
        raise MalformedReply(f"the entry {pointer} is one of several that state the number {again}", place=place)
    return word_pointed(document, pointer, place)


def wire_check(profile: WireProfile, request: CheckRequest, service: Service[S]) -> Flow[Answer]:
    """A check flow by a profile; unclear where the profile cannot read."""
    if profile.read is None:
        return answer.unclear(None, text="the wire profile has no read call")
    reply = yield _reading(profile.read, service, request.order.number, request.remote_id)
    return _read(profile.read, reply)


def _read(read: WireRead, reply: httpx.Response) -> Answer:
    """What a reply to the read call says of the order."""
    if not reply.is_success:
        return turned_away(reply, check=ACCESS) or answer.unclear(reply)
    status = _word(reply, read.status, read.identity)
    open_in, shipped_in = read.pending, read.shipped
    return answer.by_status(
        reply, status, canceled_in=read.canceled, shipped_in=shipped_in, open_in=open_in, word=fold(status)
    )


def wire_before_create(
    profile: WireProfile | None, request: ResubmitRequest, service: Service[S]
) -> Flow[Answer | Placement | None]:
    """What a resubmit flow must know before it creates: None to go on, else what it ends with.

    Where the profile's read names `unknown` statuses the new number is read first. Where it cannot be read, nothing is
    sent a second time: an earlier create whose reply was lost stays unclear, for a person.
    """
    number = request.order.number
    if profile is None or profile.read is None or not profile.read.unknown:
        text = f"an earlier try may have made the order {number}, and it cannot be read whether it did"
        return answer.unclear(None, text=text) if request.unsure else None
    read = profile.read

    def find(reply: httpx.Response) -> Answer | None:
        if reply.status_code in read.unknown:
            return None
        said = _read(read, reply)
        # A profile need not know every word by which an order is on its way.
        return answer.pending(reply, status=said.status) if said.outcome is Outcome.UNCLEAR and said.status else said

    return (yield from look_before_create(request, service, _reading(read, service, number, number), find))


def _reading(read: WireRead, service: Service[S], order_number: str, remote_id: str) -> httpx.Request:
    values = {"order_number": order_number, "reason": "", "remote_id": remote_id}
    place = f"connection {service.connection!r}, the path of its read call"
    return service.get(filled_path(read.path, values, place), operation="read")
