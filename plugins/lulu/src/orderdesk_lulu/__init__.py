"""Lulu Print: the button is final where it is taken, and only a job that is not in production yet takes it.

Facts: https://api.lulu.com/api-docs/openapi-specs/openapi_public.yml (operations Print-Jobs_status_cancel and
Print-Jobs_status_read, and the list of valid transitions there).
"""

from __future__ import annotations

import httpx

from orderdesk_sdk import answer
from orderdesk_sdk.answer import Answer, Outcome, Refusal
from orderdesk_sdk.clock import minutes
from orderdesk_sdk.declaration import Button, ByReply, Evidence, Integration, NoResubmit, WhileStatus, fold
from orderdesk_sdk.hookspecs import hookimpl
from orderdesk_sdk.http.auth import ClientCredentialsAuth
from orderdesk_sdk.http.service import Flow, Service
from orderdesk_sdk.identity import NotStated
from orderdesk_sdk.reading import need, text_at
from orderdesk_sdk.request import CancelRequest, CheckRequest
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.settings import host, secret, settings

JOBS = "/print-jobs"
STATUS = ("status", "")
"""The path ends with a slash."""
TOKEN_PATH = "/auth/realms/glasstree/protocol/openid-connect/token"
ACCESS = "check client_id and client_secret, and that they are of this environment: the sandbox has its own"
CANCELABLE = ("CREATED", "UNPAID", "PRODUCTION_DELAYED")
"""From these a job can become CANCELED."""
PASSING = ("PAYMENT_IN_PROGRESS", "PRODUCTION_READY")
"""From these it can come back to one of `CANCELABLE`; they last a few minutes at most."""


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
        identified_by={"*": NotStated("a job's status comes without the job's id")},
    )


@hookimpl
def orderdesk_cancel(request: CancelRequest, service: Service[LuluSettings]) -> Flow[Answer]:
    wish = {"name": "CANCELED"}
    reply = yield service.put(JOBS, request.remote_id, *STATUS, operation="cancel", repeatable=True, json=wish)
    if reply.status_code == 400:  # It has no code that tells why. The status does, also that of a job canceled before.
        return _why_not((yield _read(request.remote_id, service)))
    status = text_at(need(reply, check=ACCESS, otherwise=_unknown), "name")
    return (answer.canceled if fold(status) == "canceled" else answer.unclear)(reply, status=status)


@hookimpl
def orderdesk_check(request: CheckRequest, service: Service[LuluSettings]) -> Flow[Answer]:
    return _standing((yield _read(request.remote_id, service)))


def _read(number: str, service: Service[LuluSettings]) -> httpx.Request:
    """Asks for the job's status, and not for the job, which has its recipient in it."""
    return service.get(JOBS, number, *STATUS, operation="read")


def _standing(reply: httpx.Response) -> Answer:
    """What a status that was read means; pending is one that can still lead to canceled."""
    status = text_at(need(reply, check=ACCESS), "name")
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


def _why_not(reply: httpx.Response) -> Answer:
    """What a job's status means after Lulu would not cancel it."""
    found = _standing(reply)
    if found.outcome is not Outcome.PENDING:
        return found
    if fold(found.status or "") in map(fold, PASSING):
        return answer.not_done(reply, text=f"Lulu cancels no job while it is {found.status}", retry_after=minutes(2))
    return answer.refused(reply, Refusal.NOT_ALLOWED, status=found.status, text="Lulu would not cancel it")


def _unknown(reply: httpx.Response) -> Answer:
    if reply.status_code == 404:
        return answer.refused(reply, Refusal.NOT_ALLOWED, text="Lulu does not know this print job")
    return answer.unclear(reply)
