"""Resubmissions, sample webhooks and rules of calls: what is not as the test class declares is told with the rule."""

from __future__ import annotations

import pytest

from orderdesk_devkit.testing.conformance import Requirement
from tests.support import declaration_liars, liar_shops, toy_liars, toy_plugin, toy_simulators, toy_tokens
from tests.support.liar_judge import require_told

pytest_plugins = ("pytester",)

pytestmark = pytest.mark.slow


RESUBMISSION, SAMPLES = "a_resubmission_ends_as_declared", "test_sample_messages_are_read_as"
LIMITS, REPEATS = "no_more_calls_are_made", "declared_idempotent_is_repeatable"


SHOPS: dict[type, type] = {toy_liars.Signed: liar_shops.SigningShop, toy_tokens.MissesTheEnd: toy_tokens.TokenShop}
"""The shops of the toys that are no customers of the usual one."""


def judge(pytester: pytest.Pytester, toy: type, test: str, **attributes: str) -> pytest.RunResult:
    """What the suite says of a toy whose class has these attributes, as they are written."""
    shop = SHOPS.get(toy, toy_simulators.ToyShop)
    lines = "".join(f"            {name} = {text}\n" for name, text in attributes.items())
    pytester.makepyfile(f"""
        import {toy.__module__}, {shop.__module__}
        from orderdesk_devkit.testing.conformance import PluginConformance, Resubmission, WebhookSample
        from orderdesk_sdk.cases.case import State
        from orderdesk_sdk.clock import minutes
        from orderdesk_sdk.plugin import NotificationKind

        class TestToy(PluginConformance):
            integration = "toy"
            plugin = {toy.__module__}.{toy.__name__}()
            simulator = {shop.__module__}.{shop.__name__}
{lines}""")
    return pytester.runpytest_inprocess("-q", "-rs", "-k", test)


OTHERWISE = {
    'State.DONE, there="open"': "it is rejected *, not done",
    "State.DONE, creates=2": "1 calls that create were sent, not 2",
    'State.DONE, body={"number": "1042"}': "/number is '1042-1', not '1042'",
    'State.DONE, message="no artwork"': "the person is told *, without 'no artwork'",
    "State.DONE, refused=401": "it is pending *, not done",
}


def test_each_resubmission_that_ends_otherwise_is_told(pytester: pytest.Pytester) -> None:
    declared = "".join(f"Resubmission({one}), " for one in OTHERWISE)
    result = judge(pytester, toy_liars.Signed, RESUBMISSION, resubmissions=f"({declared})")
    assert result.parseoutcomes()["failed"] == len(OTHERWISE)
    for number, told in enumerate(OTHERWISE.values(), start=1):
        result.stdout.fnmatch_lines([f"*rule: {Requirement.RESUBMITTED.value[0]}*", f"*resubmission {number}: {told}*"])


def test_resubmissions_that_end_as_declared_pass(pytester: pytest.Pytester) -> None:
    declared = (
        'Resubmission(State.DONE, body={"number": "1042-1", "note": None})',
        'Resubmission(State.DONE, there="open", unsure=True)',
        "Resubmission(State.UNKNOWN, refused=500)",
    )
    result = judge(pytester, toy_liars.Signed, RESUBMISSION, resubmissions=f"({', '.join(declared)})")
    assert result.parseoutcomes().keys() == {"passed", "deselected"}


def test_a_new_order_under_a_number_that_the_service_does_not_have_is_told(pytester: pytest.Pytester) -> None:
    one = "(Resubmission(State.DONE),)"
    result = judge(pytester, declaration_liars.DeniesNumbers, RESUBMISSION, resubmissions=one)
    told = "it is taken to be 1042-10, which the service does not have"
    require_told(result, Requirement.RESUBMITTED, told)


def test_a_number_that_is_stated_after_all_is_told(pytester: pytest.Pytester) -> None:
    result = judge(pytester, declaration_liars.DeniesNumbers, "operations_are_called")
    told = "identified_by says of '/orders' that no number is stated, and * ends with one: 1042"
    require_told(result, Requirement.OPERATIONS, told)


def test_a_refused_poll_that_is_taken_for_a_look_is_told(pytester: pytest.Pytester) -> None:
    result = judge(pytester, declaration_liars.TakesARefusedPollForALook, "what_is_refused_is_not_called_done")
    require_told(result, Requirement.REFUSED, "the poll: call 1 is taken for a look that worked after *404*")


@pytest.mark.parametrize(
    ("toy", "allowed", "told"),
    [
        (toy_plugin.Toy, '{"cancel": (10, minutes(1))}', "'cancel' has no limit"),
        (
            declaration_liars.KeepsALimit,
            '{"cancel": (62, minutes(1))}',
            "63 calls of 'cancel' can be made in 60 s, and 62 may be",
        ),
    ],
)
def test_more_calls_than_are_allowed_are_told(pytester: pytest.Pytester, toy: type, allowed: str, told: str) -> None:
    result = judge(pytester, toy, LIMITS, allowed_calls=allowed)
    require_told(result, Requirement.CALL_LIMITS, told)


def test_an_idempotency_that_the_service_does_not_state_is_told(pytester: pytest.Pytester) -> None:
    result = judge(pytester, toy_plugin.Toy, REPEATS, repeatable='("/orders",)')
    require_told(result, Requirement.IDEMPOTENT, "'cancel' is declared idempotent")
    result.stdout.fnmatch_lines(["*'/orders' is not declared idempotent"])


def test_rules_of_calls_that_are_kept_pass(pytester: pytest.Pytester) -> None:
    result = judge(
        pytester,
        declaration_liars.KeepsALimit,
        f"{REPEATS} or {LIMITS}",
        repeatable='("cancel",)',
        allowed_calls='{"cancel": (63, minutes(1))}',
    )
    assert result.parseoutcomes()["passed"] == 2


MISREAD = {
    '{"number": "7"}, {"7": NotificationKind.CANCELED}': "it is read as changed of 7, not canceled of 7",
    '{"number": "7"}, None': "it is read to be about 7",
    '{"order": "7"}, {"7": NotificationKind.CHANGED}': "it is not read: *it names no order",
}


def test_each_message_that_is_misread_is_told(pytester: pytest.Pytester) -> None:
    samples = "".join(f"WebhookSample({one}), " for one in MISREAD)
    result = judge(pytester, toy_liars.Signed, SAMPLES, webhook_samples=f"({samples})")
    first, *others = (f"sample {number}: {told}" for number, told in enumerate(MISREAD.values(), start=1))
    require_told(result, Requirement.WEBHOOK_KINDS, first)
    result.stdout.fnmatch_lines([f"*{told}*" for told in others])


def test_messages_that_are_read_as_declared_pass(pytester: pytest.Pytester) -> None:
    samples = '(WebhookSample({"number": "7"}, {"7": NotificationKind.CHANGED}), WebhookSample({"order": "7"}, None))'
    result = judge(pytester, toy_liars.Signed, SAMPLES, webhook_samples=samples)
    assert result.parseoutcomes().keys() == {"passed", "deselected"}


def test_a_token_that_does_not_last_as_documented_is_told(pytester: pytest.Pytester) -> None:
    result = judge(pytester, toy_tokens.MissesTheEnd, "a_token_lasts_as_long", token_lifetime="minutes(5)")
    require_told(result, Requirement.RENEWED, "a token is used for 0:10:00")
