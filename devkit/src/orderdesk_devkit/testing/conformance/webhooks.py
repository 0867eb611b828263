"""Webhooks: those of the service are read, and nobody else's are: unsigned, altered, or signed for another order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from random import Random
from typing import ClassVar

import pytest
from attrs import evolve

from orderdesk_devkit.simulators.simulator import Simulator
from orderdesk_devkit.testing.conformance.base import Count, StandardTests, Untested, new_folder
from orderdesk_devkit.testing.conformance.mutations import ReplayedResponse, malformed
from orderdesk_devkit.testing.conformance.requirement import Requirement, require
from orderdesk_devkit.testing.plugin_under_test import NOWHERE, ConformanceHarness, PluginUnderTest
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.errors import OrderDeskError, PluginError
from orderdesk_sdk.plugin.connection_settings import SettingKind, settings_fields
from orderdesk_sdk.plugin.webhooks import MessageChannel, OrderNotification, WebhookRequest
from orderdesk_sdk.runtime.webhook_reader import read_notifications

__all__ = ["WebhookTests", "read_webhook"]

_OTHER_SECRET = "of-somebody-else-9d1c7e52"
_MAX_MALFORMED = 100
_MAX_REPORTED = 12
"""Complaints that are told; more of them tell no more."""


class WebhookTests(StandardTests):
    """The messages that the simulator sends about the order, as they are, forged and malformed."""

    webhook_settings: ClassVar[Mapping[str, object]] = {}
    """Settings in place of the simulator's, with which a connection takes webhooks."""

    @pytest.fixture
    def receiver(self, plugin_under_test: PluginUnderTest, untested: Untested) -> PluginUnderTest:
        """The integration, with settings by which it takes webhooks."""
        plugin = evolve(plugin_under_test, settings={**self.settings, **self.webhook_settings})
        if not plugin.registry().load(plugin.slug).manager.hook.orderdesk_parse_webhook.get_hookimpls():
            pytest.skip(f"{plugin.slug} takes no webhooks")
        if not plugin.has_service:
            untested("webhooks: the plugin takes them, and has no simulator that sends them; write one")
            pytest.skip(f"{plugin.slug} has no simulator, so nobody sends webhooks")
        simulator = plugin.make_simulator(VirtualClock())
        if simulator is not None and not simulator.webhooks(plugin.number):
            untested("webhooks: the simulator sends none; let its webhooks(remote_id) give them")
            pytest.skip(
                f"{plugin.slug} takes webhooks, and its simulator sends none: let its webhooks(remote_id) give them"
            )
        return plugin

    def test_webhooks_of_the_service_are_read(self, receiver: PluginUnderTest, tmp_path: Path, count: Count) -> None:
        """Each is understood, and together they are about the order; what cannot be read raises nothing else."""
        with receiver.open_harness(tmp_path) as harness:
            sent = _messages(harness.service, receiver)
            read = [read_webhook(harness, message) for message in sent]
            about = {notice.remote_id for one in read if isinstance(one, tuple) for notice in one}
            found = [f"a webhook of the service: {one}" for one in read if isinstance(one, OrderDeskError)]
            if not found and receiver.number not in about:
                found.append(f"all that it reads is about {', '.join(sorted(about)) or 'no order'}")
            for what, message in _malformed(harness.service, sent) if not found else ():
                said = read_webhook(harness, message)
                found += [f"{what}: {said}"] * isinstance(said, PluginError)
        count("webhooks", len(sent))
        require(Requirement.READS_WEBHOOKS, found[:_MAX_REPORTED])

    def test_webhooks_of_others_are_rejected(self, receiver: PluginUnderTest, tmp_path: Path, count: Count) -> None:
        """Without signature or token, with one of another secret, altered, and with that of another message."""
        found, tried = list[str](), 0
        with receiver.open_harness(new_folder(tmp_path)) as harness:
            for message in _messages(harness.service, receiver):
                for what, forged in _forged(harness.service, message, receiver.number):
                    tried += 1
                    found += [f"{what}: it is believed"] * isinstance(read_webhook(harness, forged), tuple)
        with receiver.open_harness_at(
            NOWHERE, new_folder(tmp_path), VirtualClock(), secrets=_other_secrets(receiver)
        ) as stranger:
            simulator = receiver.make_simulator(VirtualClock())
            assert simulator is not None, "it has a service"
            for message in _messages(simulator, receiver):
                if message.channel is MessageChannel.HTTP:  # Who writes into a queue is let in there.
                    tried += 1
                    found += ["signed with another secret: it is believed"] * isinstance(
                        read_webhook(stranger, message), tuple
                    )
        count("forged webhooks", tried)
        require(Requirement.VERIFIES_WEBHOOKS, found)


def _messages(simulator: Simulator, plugin: PluginUnderTest) -> Sequence[WebhookRequest]:
    """What the simulator sends about the order."""
    return simulator.webhooks(plugin.number)


def read_webhook(
    harness: ConformanceHarness, message: WebhookRequest
) -> tuple[OrderNotification, ...] | OrderDeskError:
    """What the plugin reads in a message, or what it says of it."""
    try:
        return read_notifications(harness.desk.connections, harness.connection, message, harness.clock.now())
    except OrderDeskError as error:
        return error


def _forged(simulator: Simulator, message: WebhookRequest, number: str) -> Iterator[tuple[str, WebhookRequest]]:
    """The message as somebody else would send it who has seen it, or only knows its form."""
    if message.channel is MessageChannel.QUEUE:
        yield "what comes out of a queue, sent over HTTP", evolve(message, channel=MessageChannel.HTTP)
        return
    unsigned = evolve(message, headers={}, query={})
    if simulator.sign_webhook(unsigned) == unsigned and not message.headers and not message.query:
        return  # Its token is a part of the body, which another secret tries.
    yield "without its headers and parameters", unsigned
    for name in message.query:
        yield f"with another parameter {name}", evolve(message, query={**message.query, name: _OTHER_SECRET})
    signed = simulator.sign_webhook(evolve(message, body=message.body + b" "))
    for name in sorted(set(message.headers) & set(signed.headers)):
        if message.headers[name] != signed.headers[name]:  # It depends on the body: it is a signature.
            kept = {other: value for other, value in message.headers.items() if other != name}
            yield f"without {name}", evolve(message, headers=kept)
            yield f"with an empty {name}", evolve(message, headers={**kept, name: ""})
            yield (
                f"with {name} of which one letter is another",
                evolve(message, headers={**kept, name: _altered(message.headers[name])}),
            )
            yield f"with {name} of other letters", evolve(message, headers={**kept, name: "\u00fc"})
            yield f"altered after {name} was made", evolve(message, body=message.body + b" ")
            other = message.body.replace(number.encode(), f"{number}7".encode())
            yield f"with {name} of a message about another order", evolve(message, body=other)


def _altered(text: str) -> str:
    """The text with another last letter but one, which no padding of a base64 text ends with."""
    at = max(len(text) - 3, 0)
    return f"{text[:at]}{'B' if text[at] == 'A' else 'A'}{text[at + 1 :]}"


def _malformed(simulator: Simulator, sent: Sequence[WebhookRequest]) -> Iterator[tuple[str, WebhookRequest]]:
    """Messages that the service might send by mistake, with the signature that it would give them."""
    for message in sent:
        bodies = malformed(ReplayedResponse("a webhook", 200, {}, message.body), Random(0))  # noqa: S311 - the same always
        for changed in islice(bodies, _MAX_MALFORMED):
            yield f"a malformed webhook, {changed.name}", simulator.sign_webhook(evolve(message, body=changed.body))


def _other_secrets(plugin: PluginUnderTest) -> Mapping[str, str]:
    """Each secret that the simulator's settings have, as somebody else's."""
    declared = plugin.registry().load(plugin.slug).integration.settings
    table = plugin.connection_settings(plugin.make_simulator(VirtualClock()), NOWHERE)
    return {
        one.name: _OTHER_SECRET
        for one in settings_fields(declared)
        if one.kind is SettingKind.SECRET and one.name in table
    }
