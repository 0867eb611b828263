"""Endings that follow from declared ones: a cancel that comes too late does so for each reason and part of an order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from attrs import evolve

from orderdesk_devkit.testing.conformance.ending import Ending
from orderdesk_devkit.testing.conformance.scopes import parts_of
from orderdesk_devkit.testing.plugin_under_test import PluginUnderTest
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.plugin.reasons import ReasonList, allowed_reasons

__all__ = ["late_variants"]


def late_variants(plugin: PluginUnderTest, endings: Sequence[Ending]) -> Iterator[Ending]:
    """Of the first declared ending that is refused: the same for each other reason, and each part of the order.

    None where no state is declared in which the service refuses. A reason or part of which an ending is declared in
    that state is not among them.
    """
    late = next((one for one in endings if one.is_plain and one.status and one.state is State.REJECTED), None)
    if late is None:
        return
    route = plugin.integration.cancel[late.route]
    declared = [one for one in endings if one.status == late.status]
    if isinstance(route.reasons, ReasonList):
        for reason in allowed_reasons(route.reasons, plugin.parsed_settings(), plugin.order):
            if reason.code not in (plugin.default_reason, *(one.reason for one in declared)):
                yield evolve(late, reason=reason.code)
    for part in parts_of(plugin.order, route.scope):
        if part not in [one.lines for one in declared]:
            yield evolve(late, lines=part)
