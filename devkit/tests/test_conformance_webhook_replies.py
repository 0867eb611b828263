"""What the desk answers to a message that it took: what the declaration says, which the suite holds beside the shop."""

from __future__ import annotations

import pytest

from orderdesk_devkit.testing.conformance import Requirement
from orderdesk_sdk.desk.messages.receipt import MessageOutcome, MessageReceipt
from orderdesk_sdk.plugin.webhooks import WebhookReply
from tests.support import liar_shops, toy_webhook_replies
from tests.support.liar_judge import judge, require_told

pytest_plugins = ("pytester",)

pytestmark = pytest.mark.slow
TEST = "webhooks_are_answered"


def test_who_declares_what_the_service_demands_passes(pytester: pytest.Pytester) -> None:
    result = judge(pytester, toy_webhook_replies.RepliesAsDemanded, toy_webhook_replies.DemandingShop, TEST)
    assert result.parseoutcomes()["passed"] == 1


@pytest.mark.parametrize(
    ("liar", "told"),
    [
        (toy_webhook_replies.SilentOnReplies, "a message is answered 202 '', and is sent again"),
        (toy_webhook_replies.SilentOnReplies, "a message that came before is answered 200 '', and is sent again"),
        (toy_webhook_replies.RepliesInItsOwnWords, "a message about no order is answered 202 'accepted', and is sent*"),
    ],
)
def test_another_reply_is_told(pytester: pytest.Pytester, liar: type, told: str) -> None:
    result = judge(pytester, liar, toy_webhook_replies.DemandingShop, TEST)
    require_told(result, Requirement.REPLIES_TO_WEBHOOKS, told)


def test_a_declared_reply_that_no_simulator_judges_is_untested(pytester: pytest.Pytester) -> None:
    result = judge(pytester, toy_webhook_replies.RepliesAsDemanded, liar_shops.SigningShop, TEST)
    assert result.parseoutcomes()["skipped"] == 1
    result.stdout.fnmatch_lines(["untested: toy: webhook_reply: let takes_reply of the simulator say*"])


@pytest.mark.parametrize("outcome", list(MessageOutcome))
def test_only_a_message_that_was_taken_gets_the_reply(outcome: MessageOutcome) -> None:
    receipt = MessageReceipt(outcome, "why", reply=WebhookReply(202, "[accepted]"))
    usual = MessageReceipt(outcome, "why")
    if outcome in (MessageOutcome.STORED, MessageOutcome.KNOWN, MessageOutcome.IRRELEVANT):
        told = {"Content-Type": "text/plain; charset=utf-8"}
        assert (receipt.status, receipt.body, receipt.headers) == (202, "[accepted]", told)
    else:
        assert (receipt.status, receipt.body, receipt.headers) == (usual.status, "", usual.headers)


@pytest.mark.parametrize("status", [199, 300, 401, True, "202"])
def test_a_reply_that_no_service_takes_for_success_is_refused(status: object) -> None:
    with pytest.raises(ValueError, match="a status from 200 to 299"):
        WebhookReply(status)  # type: ignore[arg-type]  # what a plugin may give all the same
