"""The e-mail to MWW, where its button is closed: what it says, and whose words it has."""

from __future__ import annotations

from orderdesk_devkit.testing.harness import SimulatedStage
from orderdesk_devkit.testing.pytest_plugin import StageOpener
from orderdesk_sdk.clock import hours, minutes, seconds

integration = "mww"


def drafted(stage: SimulatedStage) -> str:
    """The one draft that was made."""
    history = [entry.content for entry in stage.desk.ledger.history(stage.case.id)]
    (draft,) = [said for said in history if isinstance(said, str) and said.startswith("draft:")]
    return draft


def test_without_mail_settings_the_mail_is_a_draft_in_the_history(stage: SimulatedStage) -> None:
    stage.wait_for(stage.clock.now() + minutes(2) + seconds(1))
    case = stage.cancel()
    assert drafted(stage) == (
        "draft:\nTo: cancellations@mww.example\nSubject: Please cancel order 1042\n\n"
        "Please cancel our order 1042 (vendor-po), all of it, and answer whether it is canceled or ships.\n"
        "It was submitted 2026-01-05 09:00:00 UTC and ships to Understudy, 62701 Springfield."
    )
    assert "draft" in str(case.text)


def test_the_texts_of_the_mail_are_settings(open_stage: StageOpener) -> None:
    stage = open_stage({"cancel_email_subject": "Stop {order_number}", "cancel_email_body": "Reason: {reason}"})
    stage.wait_for(stage.clock.now() + hours(1))
    stage.cancel("customer asked")
    assert drafted(stage).endswith("Subject: Stop 1042\n\nReason: customer asked")
