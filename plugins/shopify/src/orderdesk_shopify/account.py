"""A shop's account: its settings, how a document is asked, and what keeps it from being answered."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import TypeVar

import httpx

from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.plugin import answer
from orderdesk_sdk.plugin.answer import Answer, Refusal
from orderdesk_sdk.plugin.identity import AnyOf, StatedAt
from orderdesk_sdk.plugin.service import Flow, Service
from orderdesk_sdk.plugin.settings import host, parsed, secret, setting, settings
from orderdesk_sdk.plugin.toolkit.graphql import graphql_errors
from orderdesk_sdk.plugin.toolkit.json_response import json_object, turned_away, value_at
from orderdesk_sdk.secret import Secret

ACCESS = "check shop_url, that the shop is open, the access token and its scopes (see the README)"


def read_version(value: object, place: str) -> str:
    if isinstance(value, str) and re.fullmatch(r"20\d\d-(01|04|07|10)", value):
        return value
    raise ConfigurationError(f"{value!r} is no version of the Admin API", place=place, remedy='write it as "2026-10"')


@settings
class ShopSettings:
    """What a connection needs. For an hour after a secret was changed Shopify may still sign with the one before."""

    shop_url: str = host(help="https://YOUR-SHOP.myshopify.com")
    access_token: Secret = secret(help="the app's Admin API access token")
    api_version: str = parsed(read_version, help="of the Admin API, a quarter", default="2026-10")
    webhook_secret: Secret = secret(help="the app's client secret, which signs webhooks", default=Secret(""))
    webhook_secret_before: Secret = secret(help="the one before, while it is being changed", default=Secret(""))


@settings
class CartSettings(ShopSettings):
    """Each of the three happens only where it is said here."""

    refund: bool = setting(bool, help="pay captured money back by the original payment methods", default=False)
    restock: bool = setting(bool, help="put the items back into stock", default=False)
    notify_customer: bool = setting(bool, help="have Shopify mail the customer", default=False)


S = TypeVar("S", bound=ShopSettings)
Judge = Callable[[httpx.Response], Answer]


def gid(kind: str, remote_id: str) -> str:
    return f"gid://shopify/{kind}/{remote_id.rpartition('/')[2]}"


SHOWN = AnyOf(*(StatedAt("data", *at, "id", normalize=partial(gid, "")) for at in (("order",), ("done", "order"))))


def ask(service: Service[S], document: str, given: Mapping[str, object], *, repeatable: bool = False) -> httpx.Request:
    """The request that asks a document; what is a query is declared to read only."""
    path = f"/admin/api/{service.settings.api_version}/graphql.json"
    body, reads = {"query": document, "variables": given}, document.lstrip().startswith("query")
    return service.post(path, operation="graphql", repeatable=repeatable, reads_only=reads, json=body)


def look(
    service: Service[S], document: str, given: Mapping[str, object], judge: Judge, unknown: str = ""
) -> Flow[tuple[httpx.Response, Answer]]:
    """Read, and what the reply says. unknown: what to tell of an order that is not there; "": the caller's judge."""
    reply = yield ask(service, document, given)
    lost = trouble(reply)
    if lost is None and unknown and value_at(reply, "data", "order") is None:
        lost = answer.refused(reply, Refusal.NOT_ALLOWED, text="Shopify does not know the order", remedy=unknown)
    return reply, lost or judge(reply)


def throttled(reply: httpx.Response) -> timedelta | None:
    """How long it takes until the calculated cost of a throttled call is there; HTTP says 200 or 429 then."""
    if {error.code for error in graphql_errors(reply)} != {"THROTTLED"} or json_object(reply).get("data") is not None:
        return None
    match json_object(reply).get("extensions"):
        case {
            "cost": {
                "requestedQueryCost": int() | float() as cost,
                "throttleStatus": {
                    "currentlyAvailable": int() | float() as left,
                    "restoreRate": int() | float() as rate,
                },
            }
        } if rate > 0:
            return timedelta(seconds=min(86_400.0, max(0.0, (cost - left) / rate)))
    return timedelta(seconds=1)  # As Shopify's own client waits where the reply does not tell.


def trouble(reply: httpx.Response, *, wrote: bool = False) -> Answer | None:
    """The answer for a reply that lacks what was asked for; None for one to read. wrote: it was asked to change."""
    errors = graphql_errors(reply)
    if away := turned_away(reply, check=ACCESS):
        return away
    if reply.is_success and "errors" not in json_object(reply):
        return None
    text = "; ".join(error.message for error in errors) or f"Shopify answered {reply.status_code}"
    # The mutation itself is denied before it is done; a field below it, of what it gives back, after.
    codes = {error.code if error.path == ("done",) or error.code != "ACCESS_DENIED" else None for error in errors}
    if not wrote or codes in ({"ACCESS_DENIED"}, {"MAX_COST_EXCEEDED"}) or reply.status_code in (402, 404, 423):
        return answer.not_done(reply, text=text, remedy=ACCESS)
    return answer.unclear(reply, text=text)
