"""Replies to webhooks: what the desk answers once a message was taken is what the service counts as delivered."""

from __future__ import annotations

from pathlib import Path

import pytest

from orderdesk_devkit.testing.conformance.base import Untested
from orderdesk_devkit.testing.conformance.requirement import Requirement, require
from orderdesk_devkit.testing.conformance.webhooks import WebhookTests
from orderdesk_devkit.testing.plugin_under_test import PluginUnderTest
from orderdesk_sdk.cases.messages import MessageSource

__all__ = ["WebhookReplyTests"]


class WebhookReplyTests(WebhookTests):
    """A message that is new, one that came before, and one that is about no order of ours."""

    def test_webhooks_are_answered_as_the_service_demands(
        self, receiver: PluginUnderTest, tmp_path: Path, untested: Untested
    ) -> None:
        """Each time, by status and body."""
        found, is_judged = list[str](), False
        with receiver.open_harness(tmp_path) as harness:
            source = MessageSource.webhook(harness.connection)
            sent = harness.service.webhooks(receiver.number)
            for what, message in (
                *(("a message", one) for one in sent),
                *(("a message that came before", one) for one in sent),
                *(("a message about no order", one) for one in harness.service.unrelated_webhooks()),
            ):
                receipt = harness.desk.messages.receive(source, message.headers.items(), message.body, message.query)
                is_taken = harness.service.takes_reply(receipt.status, receipt.body)
                is_judged = is_judged or is_taken is not None
                if is_taken is False:
                    found.append(f"{what} is answered {receipt.status} {receipt.body!r}, and is sent again")
        if not is_judged:
            if receiver.integration.webhook_reply is not None:
                untested("webhook_reply: let takes_reply of the simulator say what the service demands")
            pytest.skip(f"{receiver.slug}: its simulator does not say which reply it demands")
        require(Requirement.REPLIES_TO_WEBHOOKS, found)
