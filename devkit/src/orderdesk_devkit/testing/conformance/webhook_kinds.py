"""What webhooks say: by the order's state, about another order, a second time, and messages that are about no order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar

import pytest

from orderdesk_devkit.simulators.simulator import Simulator, simulators
from orderdesk_devkit.testing.conformance.base import Count, Untested, new_folder
from orderdesk_devkit.testing.conformance.order_numbers import next_number
from orderdesk_devkit.testing.conformance.requirement import Requirement, require
from orderdesk_devkit.testing.conformance.webhooks import WebhookTests, read_webhook
from orderdesk_devkit.testing.plugin_under_test import ConformanceHarness, PluginUnderTest
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.errors import OrderDeskError, PluginError
from orderdesk_sdk.plugin.webhooks import NotificationKind, OrderNotification, WebhookRequest

__all__ = ["WebhookKindTests"]

_TELLING = (NotificationKind.CANCELED, NotificationKind.SHIPPED)


class WebhookKindTests(WebhookTests):
    """The messages about an order in each state, and those that must be left alone."""

    webhook_kinds: ClassVar[Mapping[str, NotificationKind]] = {}
    """What the messages about an order are read as, by its status at the simulator:
    `{"CANCELLED": NotificationKind.CANCELED, "SENT": NotificationKind.SHIPPED}`."""
    webhooks_have_ids: ClassVar[bool] = False
    """Whether each message has an id of its own, by which one that is delivered again is known."""

    def test_webhooks_are_read_as_what_the_order_is(
        self, receiver: PluginUnderTest, tmp_path: Path, count: Count, untested: Untested
    ) -> None:
        """In each declared state, under another number, and twice."""
        found: list[str] = []
        if not self.webhook_kinds:
            example = '`webhook_kinds = {"canceled": NotificationKind.CANCELED}`'
            untested(f"what webhooks say of an order by its state: declare {example} in {type(self).__name__}")
        with receiver.open_harness(new_folder(tmp_path)) as harness:
            found += _failures_about_another(harness, receiver)
            found += _failures_twice(harness, receiver)
            if self.webhooks_have_ids:
                found += _failures_of_ids(harness, receiver)
        kinds: Mapping[str, object] = self.webhook_kinds  # A test class may hold anything.
        for status, kind in kinds.items():
            if not isinstance(kind, NotificationKind):
                found.append(f"webhook_kinds: {status!r} stands for {kind!r}, which is no NotificationKind")
                continue
            with receiver.open_harness(new_folder(tmp_path)) as harness:
                try:
                    harness.service.put_status(receiver.number, status)
                except OrderDeskError as error:
                    untested(f"the state {status!r} of `webhook_kinds`: {error}")
                    continue
                found += [f"in {status!r}: {said}" for said in _unlike(harness, receiver.number, kind)]
            count("states told by webhooks", 1)
        require(Requirement.WEBHOOK_KINDS, found)

    def test_webhooks_about_no_order_of_the_service_are_left_alone(
        self, receiver: PluginUnderTest, tmp_path: Path, count: Count
    ) -> None:
        """What the service sends about other things, and what other services send."""
        found, tried = list[str](), 0
        with receiver.open_harness(tmp_path) as harness:
            for what, message in (
                *(("a message about another thing", one) for one in harness.service.unrelated_webhooks()),
                *_webhooks_of_others(receiver),
            ):
                tried += 1
                said = read_webhook(harness, message)
                if isinstance(said, PluginError):
                    found.append(f"{what}: {said}")
                elif isinstance(said, tuple) and said:
                    found.append(f"{what}: it is read as {said[0].kind.value} of {said[0].remote_id}")
        if not tried:
            pytest.skip(f"{receiver.slug} is sent nothing but webhooks about its orders")
        count("unrelated webhooks", tried)
        require(Requirement.VERIFIES_WEBHOOKS, found)


def _notifications(harness: ConformanceHarness, number: str) -> tuple[OrderNotification, ...]:
    """All that is read in the messages about an order."""
    read = (read_webhook(harness, message) for message in harness.service.webhooks(number))
    return tuple(notice for one in read if isinstance(one, tuple) for notice in one)


def _unlike(harness: ConformanceHarness, number: str, kind: NotificationKind) -> Iterator[str]:
    kinds = {notice.kind for notice in _notifications(harness, number)}
    if kind not in kinds:
        yield f"no message is read as {kind.value}"
    for told in _TELLING:
        if told in kinds and told is not kind:
            yield f"a message is read as {told.value}"


def _failures_about_another(harness: ConformanceHarness, plugin: PluginUnderTest) -> Iterator[str]:
    """What is read in the messages about an order that the host does not have."""
    other = next_number(plugin.number)
    harness.service.add_order(other, lines=[(line.code, line.quantity) for line in plugin.order.lines])
    about = {notice.remote_id for notice in _notifications(harness, other)}
    if harness.service.webhooks(other) and (other not in about or plugin.number in about):
        yield f"messages about {other} are read to be about {', '.join(sorted(about)) or 'no order'}"


def _failures_twice(harness: ConformanceHarness, plugin: PluginUnderTest) -> Iterator[str]:
    """What differs where the same message is delivered once more."""
    for message in harness.service.webhooks(plugin.number):
        first, again = read_webhook(harness, message), read_webhook(harness, message)
        if isinstance(first, tuple) and first != again:
            yield "the same message is read as another one when it is delivered again"


def _failures_of_ids(harness: ConformanceHarness, plugin: PluginUnderTest) -> Iterator[str]:
    """The messages of two orders, each of which has an id of its own."""
    numbers = (plugin.number, next_number(plugin.number))
    ids = [notice.event_id for number in numbers for notice in _notifications(harness, number)]
    if not ids or None in ids or len(set(ids)) < len(ids):
        yield f"the ids of {len(ids)} messages are read as {', '.join(map(str, ids)) or 'nothing'}"


def _webhooks_of_others(plugin: PluginUnderTest) -> Iterator[tuple[str, WebhookRequest]]:
    """The messages of the other installed simulators, about an order of the same number."""
    for slug, entry in simulators().items():
        if slug == plugin.slug or slug.partition("-")[0] == plugin.slug.partition("-")[0]:
            continue  # Of the same vendor, which may well send the same.
        simulator: Simulator = entry.load()(VirtualClock())
        try:
            simulator.add_order(plugin.number, lines=[(line.code, line.quantity) for line in plugin.order.lines])
            sent = simulator.webhooks(plugin.number)
        except OrderDeskError:
            continue  # It takes no such number.
        for message in sent:
            yield f"a webhook of {slug}", message
