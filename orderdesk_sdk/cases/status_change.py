"""A status change: one order that is to be given a status at its cart. Pure."""

from __future__ import annotations

from attrs import frozen

from orderdesk_sdk.cases.errand import Errand

__all__ = ["StatusChange"]


@frozen(kw_only=True)
class StatusChange(Errand):
    """One status for one order at one connection. status: one of the integration's `statuses`, by name.

    chain: the rules whose actions led to it, first first; empty when a person asked.
    """

    order_id: str
    status: str
    chain: tuple[str, ...] = ()
