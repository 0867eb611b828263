"""A resubmission: one duplicated order on its way to a service, under a number of its own. Pure."""

from __future__ import annotations

from attrs import frozen

from orderdesk_sdk.cases.errand import Errand

__all__ = ["Resubmission"]


@frozen(kw_only=True)
class Resubmission(Errand):
    """A duplicated order at one connection.

    order_number: the duplicate's, chosen before it is made. original_id: the canceled order.
    """

    original_id: str
    original_number: str
