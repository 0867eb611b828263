"""getFeeds: which feeds a seller has made, newest first, in pages."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from datetime import datetime

from attrs import frozen
from starlette.datastructures import QueryParams

from orderdesk_amazon_marketplace.simulator.feeds import Feed, FeedStatus
from orderdesk_amazon_marketplace.simulator.views import feed_view
from orderdesk_devkit.simulators.http_requests import json_in, moment_in
from orderdesk_sdk.plugin import hours

__all__ = ["Listing", "listed"]

KEPT = hours(90 * 24)
"""How long feeds are kept, by the model."""


@frozen
class Listing:
    """What was asked for. start: how many of it earlier pages told."""

    kinds: tuple[str, ...]
    markets: tuple[str, ...]
    statuses: tuple[str, ...]
    since: datetime
    until: datetime
    size: int
    start: int = 0

    def token(self, start: int) -> str:
        """What asks for the rest: the same question, from another place on."""
        told = [self.kinds, self.markets, self.statuses, self.since.isoformat(), self.until.isoformat(), self.size]
        return base64.urlsafe_b64encode(json.dumps([*told, start]).encode()).decode()


def listed(feeds: Sequence[Feed], query: QueryParams, now: datetime) -> dict[str, object] | None:
    """A GetFeedsResponse; None for a question that the model does not allow.

    Lists come with commas or as parameters of the same name: which of the two Amazon takes is not told. The order of
    the feeds is the simulator's choice.
    """
    asked = _from_token(query["nextToken"]) if "nextToken" in query else _asked(query, now)
    if asked is None or ("nextToken" in query and len(query) > 1):
        return None
    found = [
        feed
        for feed in reversed(feeds)
        if feed.kind in asked.kinds
        and (not asked.markets or set(asked.markets) & set(feed.marketplaces))
        and (not asked.statuses or feed.status in asked.statuses)
        and asked.since <= feed.created_at <= asked.until
    ]
    end = asked.start + asked.size
    page: dict[str, object] = {"feeds": [feed_view(feed) for feed in found[asked.start : end]]}
    return page | ({"nextToken": asked.token(end)} if len(found) > end else {})


def _asked(query: QueryParams, now: datetime) -> Listing | None:
    kinds, markets, statuses = (_texts(query, name) for name in ("feedTypes", "marketplaceIds", "processingStatuses"))
    since, until = (moment_in(query[name]) if name in query else now for name in ("createdSince", "createdUntil"))
    size = query.get("pageSize", "10")
    allowed = (
        1 <= len(kinds) <= 10
        and len(markets) <= 10
        and set(statuses) <= set(FeedStatus)
        and size.isascii()
        and size.isdigit()
        and 1 <= int(size) <= 100
    )
    if not allowed or since is None or until is None:
        return None
    return Listing(kinds, markets, statuses, since if "createdSince" in query else now - KEPT, until, int(size))


def _texts(query: QueryParams, name: str) -> tuple[str, ...]:
    return tuple(text for given in query.getlist(name) for text in given.split(",") if text)


def _from_token(token: str) -> Listing | None:
    """The question that `Listing.token` wrote; None for anything else."""
    try:
        told = json_in(base64.urlsafe_b64decode(token.encode()))
    except ValueError:
        return None
    match told:
        case [list(kinds), list(markets), list(statuses), str(since), str(until), int(size), int(start)]:
            first, last = datetime.fromisoformat(since), datetime.fromisoformat(until)
            return Listing(tuple(kinds), tuple(markets), tuple(statuses), first, last, size, start)
        case _:
            return None
