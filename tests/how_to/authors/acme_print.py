"""Acme Print: the button only asks; the status read back is the answer."""

from __future__ import annotations

from orderdesk_sdk import answer
from orderdesk_sdk.answer import Answer, Refusal
from orderdesk_sdk.clock import hours, minutes
from orderdesk_sdk.declaration import Button, ByCheck, Integration, fold
from orderdesk_sdk.hookspecs import hookimpl
from orderdesk_sdk.http.auth import HeaderAuth
from orderdesk_sdk.http.service import Flow, Service
from orderdesk_sdk.reading import json_object, text_at, turned_away
from orderdesk_sdk.request import CancelRequest, CheckRequest
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.settings import host, secret, settings

ACCESS = "check api_key; Acme Print shows it under Account > API"


@settings
class AcmeSettings:
    """What a connection needs."""

    api_key: Secret = secret(help="from Acme Print, Account > API")
    base_url: str = host(help="Acme Print's API", default="https://api.acmeprint.example")


def api_key(its: AcmeSettings) -> HeaderAuth:
    """How requests are signed."""
    return HeaderAuth({"x-api-key": its.api_key})


@hookimpl
def orderdesk_integration() -> Integration:
    return Integration(
        slug="acme-print",
        title="Acme Print",
        settings=AcmeSettings,
        base_url="base_url",
        auth=api_key,
        cancel=(Button(confirm=ByCheck(every=minutes(5), give_up=hours(24))),),
    )


@hookimpl
def orderdesk_cancel(request: CancelRequest, service: Service[AcmeSettings]) -> Flow[Answer]:
    reply = yield service.put("/orders", request.remote_id, "cancel", operation="cancel", repeatable=True)
    if reply.is_success and json_object(reply).get("accepted") is True:
        return answer.asked(reply)
    if reply.status_code == 409:
        return answer.refused(reply, Refusal.TOO_LATE, status=text_at(reply, "status"))
    if reply.status_code == 404:
        return answer.refused(reply, Refusal.NOT_ALLOWED, text="Acme Print does not know this order")
    return turned_away(reply, check=ACCESS) or answer.unclear(reply)


@hookimpl
def orderdesk_check(request: CheckRequest, service: Service[AcmeSettings]) -> Flow[Answer]:
    reply = yield service.get("/orders", request.remote_id, operation="read")
    if not reply.is_success:
        return turned_away(reply, check=ACCESS) or answer.unclear(reply)
    status = text_at(reply, "status")
    match fold(status):
        case "canceled":
            return answer.canceled(reply, status=status)
        case "shipped":
            return answer.refused(reply, Refusal.SHIPPED, status=status)
        case "open" | "printing":
            return answer.pending(reply, status=status)
        case _:
            return answer.unclear(reply, status=status)
