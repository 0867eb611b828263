"""Plugins that lie are told which promise they broke: each runs through the one test of the suite that is about it."""

from __future__ import annotations

import pytest

from orderdesk_devkit.testing.conformance import Requirement
from tests.support import liar_shops, toy_liars

pytest_plugins = ("pytester",)

pytestmark = pytest.mark.slow


def judge(pytester: pytest.Pytester, liar: type, shop: type, test: str) -> pytest.RunResult:
    """What the suite, or the tests of it that are named so, say of a toy."""
    pytester.makepyfile(f"""
        from tests.support import liar_shops, toy_liars
        from orderdesk_devkit.testing.conformance import PluginConformance

        class TestLiar(PluginConformance):
            integration = "toy"
            plugin = toy_liars.{liar.__name__}()
            simulator = liar_shops.{shop.__name__}
    """)
    return pytester.runpytest_inprocess("-q", "-rs", "-k", test)


@pytest.mark.parametrize(
    ("liar", "shop", "test", "law", "told"),
    [
        (
            toy_liars.CallsErrorsCanceled,
            liar_shops.NamingShop,
            "is_not_called_done",
            Requirement.REFUSED,
            "the cancel: call 1 is called canceled after 400, 409",
        ),
        (
            toy_liars.PollsErrorsCanceled,
            liar_shops.ToyShop,
            "is_not_called_done",
            Requirement.REFUSED,
            "the poll: call 1 is called canceled after 400, 409",
        ),
        (
            toy_liars.CancelsWholeOrders,
            liar_shops.PieceShop,
            "for_a_part",
            Requirement.SCOPE,
            "asked for 1 of MUG-11: the service canceled the whole order",
        ),
        (
            toy_liars.CancelsWholeLines,
            liar_shops.PieceShop,
            "for_a_part",
            Requirement.SCOPE,
            "asked for 1 of MUG-11: the service canceled 2 of MUG-11",
        ),
        (
            toy_liars.PollsByWriting,
            liar_shops.ToyShop,
            "reads_change_nothing",
            Requirement.READS_CHANGE_NOTHING,
            "PUT /orders/1042/cancel is declared to be a read, and asked to cancel",
        ),
        (
            toy_liars.CancelsByAGetThatSaysNothing,
            liar_shops.GetShop,
            "reads_change_nothing",
            Requirement.READS_CHANGE_NOTHING,
            "GET /orders/1042/cancel is taken for a read, and asked to cancel",
        ),
        (
            toy_liars.WritesOverEveryVersion,
            liar_shops.VersionedShop,
            "what_somebody_changed",
            Requirement.CONDITIONAL,
            "PUT /orders/1042/cancel with If-Match: [*] was answered 200, though somebody had changed the order",
        ),
        (
            toy_liars.KeepsTheFirstVersion,
            liar_shops.VersionedShop,
            "what_somebody_changed",
            Requirement.CONDITIONAL,
            'PUT /orders/1042/cancel with If-Match: "v1" was sent again, and its ETag had been refused',
        ),
        (
            toy_liars.ReadsUnsigned,
            liar_shops.SigningShop,
            "webhooks_of_others",
            Requirement.VERIFIES_WEBHOOKS,
            "without its headers and parameters: it is believed",
        ),
        (
            toy_liars.ReadsIfSignatureIsMissing,
            liar_shops.SigningShop,
            "webhooks_of_others",
            Requirement.VERIFIES_WEBHOOKS,
            "without x-signature: it is believed",
        ),
        (
            toy_liars.SignsOnlyTheFirstBytes,
            liar_shops.SigningShop,
            "webhooks_of_others",
            Requirement.VERIFIES_WEBHOOKS,
            "altered after x-signature* was made: it is believed",
        ),
        (
            toy_liars.CrashesOnMessages,
            liar_shops.SigningShop,
            "webhooks_of_the_service",
            Requirement.READS_WEBHOOKS,
            "a webhook of the service: * KeyError: 'changed'*",
        ),
        (
            toy_liars.CallsRefusedCanceled,
            liar_shops.ToyShop,
            "late_cancel",
            Requirement.LATE,
            "2 hours later: it is called canceled, and the service says shipped",
        ),
        (
            toy_liars.AsksUnderTheShopsNumber,
            liar_shops.ToyShop,
            "under_its_number",
            Requirement.ABOUT_THIS_ORDER,
            "as 2153: the service has not canceled it",
        ),
        (
            toy_liars.SendsOneReason,
            liar_shops.ToyShop,
            "chosen_reason",
            Requirement.REASON,
            "CHANGED_MIND: it was chosen, and OTHER_CAUSE was sent",
        ),
    ],
)
def test_a_liar_is_told_the_rule_and_the_hint(
    pytester: pytest.Pytester, liar: type, shop: type, test: str, law: Requirement, told: str
) -> None:
    result = judge(pytester, liar, shop, test)
    rule, hint = law.value
    assert result.parseoutcomes()["failed"] == 1
    result.stdout.fnmatch_lines([f"*rule: {rule}", f"*{told}*", f"*hint: {hint}"])


@pytest.mark.parametrize(
    ("honest", "shop"),
    [
        (toy_liars.ByPieces, liar_shops.PieceShop),
        (toy_liars.Signed, liar_shops.SigningShop),
        (toy_liars.WithReasons, liar_shops.ToyShop),
    ],
)
def test_who_does_the_same_honestly_passes(pytester: pytest.Pytester, honest: type, shop: type) -> None:
    result = judge(
        pytester,
        honest,
        shop,
        "is_not_called_done or for_a_part or reads_change or webhooks or late_cancel or reason",
    )
    assert "failed" not in result.parseoutcomes()
    assert result.parseoutcomes()["passed"] >= len(("refusals", "reads", "late cancels", "its own"))


def test_a_simulator_that_sends_no_webhook_is_told_so(pytester: pytest.Pytester) -> None:
    result = judge(pytester, toy_liars.Signed, liar_shops.SilentShop, "webhooks")
    assert result.parseoutcomes()["skipped"] == len(("read", "rejected", "by state", "unrelated", "samples"))
    result.stdout.fnmatch_lines(["*toy takes webhooks, and its simulator sends none: let its webhooks(remote_id) *"])
