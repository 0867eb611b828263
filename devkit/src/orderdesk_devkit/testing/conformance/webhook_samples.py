"""Sample webhooks that the test class gives, each with what is read in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import pytest
from attrs import evolve, field, frozen

from orderdesk_devkit.testing.conformance.base import Count
from orderdesk_devkit.testing.conformance.requirement import Requirement, require
from orderdesk_devkit.testing.conformance.webhooks import WebhookTests, read_webhook
from orderdesk_devkit.testing.plugin_under_test import ConformanceHarness, PluginUnderTest
from orderdesk_sdk.errors import OrderDeskError, PluginError
from orderdesk_sdk.plugin.webhooks import NotificationKind

__all__ = ["WebhookSample", "WebhookSampleTests"]


@frozen
class WebhookSample:
    """The body of a message of the service, from its documents or made up after them.

    Args:
        document: the JSON document; headers and parameters, and a signature, are those of the simulator's messages.
        reads: what is read, by the number of each order that it is about; None: it is no message that can be read.
    """

    document: object = field(hash=False)
    reads: Mapping[str, NotificationKind] | None = field(hash=False)


class WebhookSampleTests(WebhookTests):
    """Each word in which messages differ: kinds, numbers of one order, and shapes that are none of the service's."""

    webhook_samples: ClassVar[tuple[WebhookSample, ...]] = ()
    """Messages of the service, each with the numbers and kinds that are read in it."""

    def test_sample_webhooks_are_read_as_declared(
        self, receiver: PluginUnderTest, tmp_path: Path, count: Count
    ) -> None:
        """All orders that a message is about, what it says of them, and no message where there is none."""
        if not self.webhook_samples:
            pytest.skip(f"{type(self).__name__} gives no `webhook_samples`")
        with receiver.open_harness(tmp_path) as harness:
            said = [(number, _failure(harness, receiver, one)) for number, one in enumerate(self.webhook_samples, 1)]
        count("sample webhooks", len(said))
        require(Requirement.WEBHOOK_KINDS, [f"sample {number}: {text}" for number, text in said if text is not None])


def _failure(harness: ConformanceHarness, plugin: PluginUnderTest, sample: WebhookSample) -> str | None:
    first = harness.service.webhooks(plugin.number)[0]
    message = harness.service.sign_webhook(evolve(first, body=json.dumps(sample.document).encode()))
    read = read_webhook(harness, message)
    if isinstance(read, PluginError):
        return f"the plugin failed: {read}"
    if isinstance(read, OrderDeskError):
        return None if sample.reads is None else f"it is not read: {read}"
    told = {notice.remote_id: notice.kind for notice in read}
    if sample.reads is None:
        return f"it is read to be about {', '.join(told) or 'no order'}"
    return None if told == sample.reads else f"it is read as {_text(told)}, not {_text(sample.reads)}"


def _text(kinds: Mapping[str, NotificationKind]) -> str:
    return ", ".join(f"{kind.value} of {number}" for number, kind in kinds.items()) or "nothing"
