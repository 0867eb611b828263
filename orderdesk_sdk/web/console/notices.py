"""What a page says about what was done just before: a word in its address stands for a text of this list. Pure.

The address could be written by anybody, so it carries no text of its own.
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

__all__ = ["NOTICES", "Notice", "notice_of"]


@frozen
class Notice:
    """A text and its tone: good, info, warn or bad."""

    tone: str
    text: str


NOTICES: Mapping[str, Notice] = {
    "recorded": Notice(
        "good", "The cancellation is recorded. Each place is asked now; the page follows what they say."
    ),
    "withdrawn": Notice("info", "Withdrawn wherever nothing had been sent yet. What was sent goes on."),
    "polled": Notice("info", "The service was asked; this is what it says now."),
    "eligibility-read": Notice("info", "The service was asked; the plan shows what it says. Nothing changed there."),
    "retried": Notice("info", "The request was sent again, in your name."),
    "status-set": Notice("info", "The status change is recorded; this page follows it."),
    "resubmitted": Notice("good", "The order was submitted again; this page follows it."),
    "link-made": Notice("good", "The public link is made. Whoever has it can read the receipt until it ends."),
    "link-revoked": Notice("info", "The public link was revoked."),
    "resumed": Notice("info", "Recording goes on."),
    "settled": Notice("good", "Recorded, with your name as evidence or beside it."),
    "accepted": Notice("good", "Accepted. The fulfillment services are asked; what they say is answered."),
    "refused": Notice("info", "Rejected. The answer is on its way."),
    "case-withdrawn": Notice("info", "Withdrawn: nothing is sent for this case any more."),
    "noted": Notice("info", "The note stands in the history."),
    "seen": Notice("info", "The alarm left the inbox. It stays in the receipt."),
    "message-retried": Notice("info", "The next worker tries the message again."),
    "user-added": Notice("good", "The user is added."),
    "user-changed": Notice("info", "The user is changed; their sessions have ended."),
    "token-revoked": Notice("info", "The token was revoked."),
    "connection-saved": Notice("good", "Saved. Desks and workers that run take it up."),
    "webhook-registered": Notice("good", "The webhook is registered: the service sends its messages here."),
    "webhook-removed": Notice("info", "The webhook is removed: the service sends no messages here any more."),
    "password-changed": Notice("good", "Your password is changed. You are signed out everywhere but here."),
    "rule-saved": Notice("info", "Saved, and off. Try it as it is now, then switch it on."),
    "rule-on": Notice("good", "The rule is on. Desks and workers that run take it up."),
    "rule-off": Notice("info", "The rule is off."),
    "rule-deleted": Notice("info", "The rule is deleted; its history stays."),
    "signed-out": Notice("info", "You are signed out."),
    "session-ended": Notice("info", "Your session has ended. Sign in again."),
}


def notice_of(code: str) -> Notice | None:
    """The notice that a word stands for; None for any other word."""
    return NOTICES.get(code)
