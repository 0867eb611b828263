"""One-time links in e-mails, as they come back: what one is about, and its answer once a person has confirmed it."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from attrs import frozen

from orderdesk_sdk.cases.answer_links import LinkAnswer, StoredLink
from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import Case
from orderdesk_sdk.cases.evidence import Evidence, EvidenceKind
from orderdesk_sdk.cases.exchange import Intent
from orderdesk_sdk.cases.state_machine import Event, EventKind
from orderdesk_sdk.desk.parts import DeskParts, require_actor
from orderdesk_sdk.desk.rule_trigger import then_rules_act
from orderdesk_sdk.errors import ConflictError, InvalidStateError, NotFoundError
from orderdesk_sdk.plugin.answer import Rejection
from orderdesk_sdk.runtime.answer_links import AnswerLinks

__all__ = ["AnswerLinkService", "LinkedCase"]

MAX_NAME_LENGTH = 200
"""Characters of the name that whoever answers gives."""
MAX_NOTE_LENGTH = 2000
"""Characters of their note."""
_BY_HAND = "tell the shop by an e-mail, or by phone"


@frozen
class LinkedCase:
    """What a link is about, for the page that asks once more.

    Args:
        answer: what the link says; nothing is decided yet.
        recipient: the address that the e-mail with the link went to.
    """

    case: CancelCase
    answer: LinkAnswer
    recipient: str


class AnswerLinkService:
    """The links that come back. Reached as `desk.answer_links`.

    A page shows what `find` gives and counts what `use` is told: never the first alone, for mail programs open links.
    """

    def __init__(self, parts: DeskParts, links: AnswerLinks | None) -> None:
        """links: None where none are configured; every token is unknown then."""
        self._ledger = parts.ledger
        self._scheduler = parts.scheduler
        self._clock = parts.clock
        self._links = links
        self.rule_trigger = parts.rule_trigger

    def find(self, token: str) -> LinkedCase:
        """What a link is about. Decides nothing.

        Raises NotFoundError, of a token that is none of ours, of a forged and of a forgotten one alike, and
        InvalidStateError for a link that is no longer valid: expired, used, of an older e-mail, of a settled case.
        """
        return self._find(token)[1]

    @then_rules_act
    def use(self, token: str, *, by: str, note: str | None = None) -> Case:
        """The case after a person's answer by a link; that link and the others of its e-mail count no more.

        Raises as `find`, and ValidationError without a name.

        Args:
            by: the name that the person gave.
            note: what they wrote beside it; None for nothing.
        """
        person = require_actor(_on_one_line(by, MAX_NAME_LENGTH))
        stored, linked = self._find(token)
        said = f"answered by the one-time link in the e-mail to {linked.recipient}"
        written = _on_one_line(note or "", MAX_NOTE_LENGTH)
        text = f"{said}: {written}" if written else said
        now = self._clock.now()
        kind = EventKind.CANCELED if linked.answer is LinkAnswer.CANCELED else EventKind.REJECTED
        rejection = {LinkAnswer.REJECTED: Rejection.TOO_LATE, LinkAnswer.SHIPPED: Rejection.SHIPPED}.get(linked.answer)
        evidence = Evidence(EvidenceKind.PERSON, person=person, note=text)
        event = Event(kind, now, message=text, rejection=rejection, person=person, evidence=evidence)
        try:
            after = self._scheduler.settle(linked.case, event)
        except ConflictError:
            self._find(token)  # Says who was faster, where the case is settled by that.
            raise
        # After the case: a crash in between leaves a link of a settled case, which is no longer valid either.
        self._ledger.mark_links_used(linked.case.id, stored.link.attempt, now)
        return after

    def _find(self, token: str) -> tuple[StoredLink, LinkedCase]:
        stored = self._links.find(token) if self._links is not None else None
        if stored is None:
            raise NotFoundError("this link is not known", hint=_BY_HAND)
        case = self._ledger.case(stored.link.case_id, CancelCase)
        sent = [
            (entry.attempt, entry.content)
            for entry in self._ledger.history(case.id)
            if isinstance(entry.content, Intent) and entry.content.method == "MAIL"
        ]
        problem = self._problem(stored, case, sent[-1][0] if sent else None)
        if problem is not None:
            raise InvalidStateError(problem, location=f"order {case.order_number}", hint=_BY_HAND)
        return stored, LinkedCase(case, stored.link.answer, unquote(urlsplit(sent[-1][1].url).path))

    def _problem(self, stored: StoredLink, case: CancelCase, last_sent: int | None) -> str | None:
        """Why a link is no longer valid, for the person who followed it; None where it is."""
        if stored.used_at is not None:
            return "this e-mail was answered already"
        if not case.is_open:
            return f"the order is settled already: {case.state.value}"
        if stored.link.expires_at <= self._clock.now():
            return "this link has expired"
        if last_sent is None or last_sent > stored.link.attempt:
            return "a newer e-mail was sent about this order: only its links count"
        return None


def _on_one_line(text: str, most: int) -> str:
    """What a stranger wrote, as it may stand in a receipt: no line that seems to be ours, nothing for a terminal."""
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())[:most]
