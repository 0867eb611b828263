"""Lulu Print: the button is final where it is taken, and only a job that is not in production yet takes it.

Facts: https://api.lulu.com/api-docs/openapi-specs/openapi_public.yml (operations Print-Jobs_status_cancel and
Print-Jobs_read, and the list of valid transitions). The reply to a cancel is a status that names no job, so the job is
read after it.
"""

from __future__ import annotations

import httpx

from orderdesk_sdk.clock import minutes
from orderdesk_sdk.plugin import answer
from orderdesk_sdk.plugin.answer import Answer, Outcome, Refusal
from orderdesk_sdk.plugin.auth import ClientCredentialsAuth
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.identity import StatedAt
from orderdesk_sdk.plugin.integration import Evidence, IdRule, Integration, NoResubmit
from orderdesk_sdk.plugin.requests import CancelRequest, CheckRequest
from orderdesk_sdk.plugin.routes import Button, ByReply, WhileStatus, fold
from orderdesk_sdk.plugin.service import Flow, Service
from orderdesk_sdk.plugin.settings import host, secret, settings
from orderdesk_sdk.plugin.toolkit.json_response import text_at
from orderdesk_sdk.plugin.toolkit.service_errors import OwnErrors, turned_down
from orderdesk_sdk.secret import Secret

JOBS = "/print-jobs"
TOKEN_PATH = "/auth/realms/glasstree/protocol/openid-connect/token"
ACCESS = "check client_id and client_secret, and that they are of this environment: the sandbox has its own"
CANCELABLE = ("CREATED", "UNPAID", "PRODUCTION_DELAYED")
"""From these a job can become CANCELED."""
PASSING = ("PAYMENT_IN_PROGRESS", "PRODUCTION_READY")
"""From these it can come back to one of `CANCELABLE`; they last a few minutes at most."""
ERRORS = OwnErrors("detail", ACCESS)


@settings
class LuluSettings:
    """What a connection needs."""

    client_id: Secret = secret(help="Lulu's client key; its developer portal shows it under Client Keys & Secret")
    client_secret: Secret = secret(help="from the same page")
    base_url: str = host(help="https://api.sandbox.lulu.com for the sandbox", default="https://api.lulu.com")


def sign(its: LuluSettings) -> httpx.Auth:
    """Fetches a token, and puts it on each request until it ends."""
    token_url = its.base_url.rstrip("/") + TOKEN_PATH
    return ClientCredentialsAuth(token_url, its.client_id, its.client_secret, in_header=True)


@hookimpl
def orderdesk_integration() -> Integration:
    return Integration(
        slug="lulu",
        title="Lulu Print",
        settings=LuluSettings,
        base_url="base_url",
        auth=sign,
        cancel=(
            Button(
                ByReply(),
                window=WhileStatus([*CANCELABLE, *PASSING], until="production"),
                note="Lulu cannot undo it.",
            ),
        ),
        resubmit=NoResubmit("duplicate the order in your shop, and submit the copy under its new number"),
        help_url="https://api.lulu.com/docs/",
        evidence=Evidence.PUBLISHED_API,
        identified_by={"read": StatedAt("id")},
        remote_id=IdRule(r"[1-9][0-9]*", 19, "Lulu's own id of a print job is a number, not your external_id"),
        redact=["shipping_address", "billing_address", "contact_email"],
    )


@hookimpl
def orderdesk_cancel(request: CancelRequest, service: Service[LuluSettings]) -> Flow[Answer]:
    number, wish = request.remote_id, {"name": "CANCELED"}
    reply = yield service.put(JOBS, number, "status", "", operation="cancel", repeatable=True, json=wish)
    if not reply.is_success and not turned_down(reply):
        return ERRORS.untold(reply)
    there = yield _read(number, service)
    found = _standing(there)
    if reply.is_success:  # It may have acted, whatever the read says of itself.
        is_open = found.outcome in (Outcome.PENDING, Outcome.NOT_DONE)
        return answer.unclear(there, status=found.status) if is_open else found
    # A refusal has no code that tells why. The status does, also that of a job canceled before.
    if (known := ERRORS.after_reading(reply, there, found, number)) is not None:
        return known
    if fold(found.status or "") in map(fold, PASSING):
        return answer.not_done(reply, text=f"Lulu cancels no job while it is {found.status}", retry_after=minutes(2))
    if found.outcome is Outcome.UNCLEAR:
        return found
    return answer.refused(there, Refusal.NOT_ALLOWED, status=found.status, text="Lulu would not cancel it")


@hookimpl
def orderdesk_check(request: CheckRequest, service: Service[LuluSettings]) -> Flow[Answer]:
    return _standing((yield _read(request.remote_id, service)))


def _read(number: str, service: Service[LuluSettings]) -> httpx.Request:
    return service.get(JOBS, number, "", operation="read")


def _standing(reply: httpx.Response) -> Answer:
    """What a job that was read says of a cancel; pending is one that can still lead to canceled."""
    if not reply.is_success:
        return ERRORS.untold(reply)
    status = text_at(reply, "status", "name")
    match fold(status):
        case "canceled":
            return answer.canceled(reply, status=status)
        case "shipped" | "delivered":
            return answer.refused(reply, Refusal.SHIPPED, status=status)
        case "inproduction":
            return answer.refused(reply, Refusal.TOO_LATE, status=status)
        case "rejected":
            return answer.refused(reply, Refusal.NOT_ALLOWED, status=status, text="Lulu has rejected the job itself")
        case word if word in map(fold, (*CANCELABLE, *PASSING)):
            return answer.pending(reply, status=status)
        case _:  # ERROR as well: what comes after it is not documented.
            return answer.unclear(reply, status=status)
