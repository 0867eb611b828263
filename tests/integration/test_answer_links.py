"""One-time links in cancel e-mails, at a real SMTP server: what one settles, and when it was revoked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from email import message_from_string
from email.policy import default
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from orderdesk_devkit.testing.plugin_under_test import sample_order
from orderdesk_sdk.cases.answer_links import LinkAnswer
from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.evidence import EvidenceKind
from orderdesk_sdk.clock import VirtualClock, hours
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.desk.documents import receipt_document
from orderdesk_sdk.errors import InvalidStateError, NotFoundError, ValidationError
from orderdesk_sdk.plugin.answer import Rejection
from orderdesk_sdk.runtime.answer_links import AnswerLinkConfig
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.transport.email.config import EmailConfig
from tests.support.email_child import EMAIL_ONLY, open_email_desk

if TYPE_CHECKING:
    from tests.conftest import MailServer

ORDER = sample_order()
LINKS = AnswerLinkConfig(page="https://desk.example.com/answer", signing_secret=Secret("s" * 32))
Opener = Callable[..., Desk]


@pytest.fixture
def open_desk(tmp_path: Path, clock: VirtualClock) -> Iterator[Opener]:
    with ExitStack() as stack:

        def open_(mail: EmailConfig | None, links: AnswerLinkConfig | None = LINKS) -> Desk:
            desk = stack.enter_context(open_email_desk(tmp_path / "desk.db", clock, mail=mail, links=links))
            desk.orders.import_orders([ORDER], by="a test")
            if not desk.order_store.remote_orders(ORDER.id):
                desk.orders.register(ORDER.number, connection=EMAIL_ONLY, by="a test")
            return desk

        yield open_


def asked(desk: Desk) -> CancelCase:
    (case,) = desk.cancel(ORDER.number, by="Ann", reason="customer asked").cases
    return case


def bodies(mail_server: MailServer) -> list[str]:
    return [message_from_string(text, policy=default).get_content() for text in mail_server.texts()]


def tokens_in(mail_server: MailServer, number: int = -1) -> dict[LinkAnswer, str]:
    """The tokens of one mail as its reader finds them, by what they say."""
    body = bodies(mail_server)[number]
    begins = "https://desk.example.com/answer/"
    found = [line.removeprefix(begins) for line in body.splitlines() if line.startswith(begins)]
    return dict(zip(LinkAnswer, found, strict=True))


def history(desk: Desk, case: CancelCase) -> str:
    return "\n".join(str(entry.content) for entry in desk.ledger.history(case.id))


@pytest.mark.parametrize(
    ("answer", "state", "rejection"),
    [
        (LinkAnswer.CANCELED, State.CANCELED, None),
        (LinkAnswer.REJECTED, State.REJECTED, Rejection.TOO_LATE),
        (LinkAnswer.SHIPPED, State.REJECTED, Rejection.SHIPPED),
    ],
)
def test_a_link_settles_its_case_in_the_name_of_who_confirmed_it_and_counts_once(
    open_desk: Opener, mail_server: MailServer, answer: LinkAnswer, state: State, rejection: Rejection | None
) -> None:
    desk = open_desk(mail_server.config())
    case = asked(desk)
    tokens = tokens_in(mail_server)
    shown = desk.answer_links.find(tokens[answer])
    assert (shown.case.id, shown.answer) == (case.id, answer)
    assert desk.cancellations.get_case(case.id).state is State.ACTION_REQUIRED, "to look decides nothing"
    after = desk.answer_links.use(tokens[answer], by="Bo of Post", note="by phone too")
    assert isinstance(after, CancelCase)
    assert (after.state, after.rejection) == (state, rejection)
    assert after.evidence is not None
    assert (after.evidence.kind, after.evidence.person) == (EvidenceKind.PERSON, "Bo of Post")
    assert shown.recipient in str(after.evidence.note)
    assert "by phone too" in str(after.evidence.note)
    for token in tokens.values():
        with pytest.raises(InvalidStateError, match="answered already"):
            desk.answer_links.use(token, by="Eve")
    assert desk.cancellations.get_case(case.id) == after


def test_what_a_stranger_writes_is_kept_as_one_printable_line(open_desk: Opener, mail_server: MailServer) -> None:
    desk = open_desk(mail_server.config())
    asked(desk)
    note = "gone\n\ud800\x00\x1b[2JCancellation at mill: canceled"
    after = desk.answer_links.use(tokens_in(mail_server)[LinkAnswer.SHIPPED], by="Bo\n\x1b[31m of Post", note=note)
    assert isinstance(after, CancelCase)
    assert after.evidence is not None
    assert (after.evidence.person, str(after.message).partition("example.net: ")[2]) == (
        "Bo [31m of Post",
        "gone [2JCancellation at mill: canceled",
    )


def test_no_live_token_is_kept_anywhere(open_desk: Opener, mail_server: MailServer, tmp_path: Path) -> None:
    desk = open_desk(mail_server.config())
    case = asked(desk)
    kept = history(desk, case) + str(receipt_document(desk.cancellations.receipt(ORDER.number)))
    assert "[one-time link]" in kept
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    for token in tokens_in(mail_server).values():
        assert token not in kept
        assert token.encode() not in stored


def test_a_link_ends_with_its_time_and_with_what_settled_the_case_otherwise(
    open_desk: Opener, mail_server: MailServer, clock: VirtualClock
) -> None:
    desk = open_desk(mail_server.config())
    case = asked(desk)
    token = tokens_in(mail_server)[LinkAnswer.CANCELED]
    clock.advance(hours(14 * 24 - 1))
    assert desk.answer_links.find(token).case.id == case.id
    clock.advance(hours(1))
    with pytest.raises(InvalidStateError, match="expired"):
        desk.answer_links.find(token)
    desk.cases.reject(case.id, by="Ann", note="they called")
    with pytest.raises(InvalidStateError, match="settled already: rejected"):
        desk.answer_links.use(token, by="Bo")
    clock.advance(hours(24 * 200))
    desk.ledger.record_links([], clock.now())
    with pytest.raises(NotFoundError):
        desk.answer_links.find(token)


def test_a_newer_mail_of_the_case_takes_the_place_of_an_older_one(open_desk: Opener, mail_server: MailServer) -> None:
    mail_server.responses["DATA"] = ["drop", "250 taken"]
    desk = open_desk(mail_server.config())
    case = asked(desk)
    desk.cases.retry(case.id, by="Ann")
    old, new = tokens_in(mail_server, 0), tokens_in(mail_server, 1)
    with pytest.raises(InvalidStateError, match="a newer e-mail"):
        desk.answer_links.use(old[LinkAnswer.CANCELED], by="Bo")
    assert desk.answer_links.use(new[LinkAnswer.CANCELED], by="Bo").state is State.CANCELED


def test_of_many_who_answer_at_once_one_counts(open_desk: Opener, mail_server: MailServer) -> None:
    desk = open_desk(mail_server.config())
    case = asked(desk)
    tokens = list(tokens_in(mail_server).values())

    def use(number: int) -> str:
        try:
            return desk.answer_links.use(tokens[number % 3], by=f"person {number}").state.value
        except InvalidStateError:
            return "no more"

    with ThreadPoolExecutor(9) as pool:
        said = list(pool.map(use, range(9)))
    assert len([one for one in said if one != "no more"]) == 1, said
    assert desk.cancellations.get_case(case.id).state.value in said


def test_a_crash_between_the_answer_and_its_mark_leaves_no_link_that_counts(
    open_desk: Opener, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = open_desk(mail_server.config())
    asked(desk)
    tokens = tokens_in(mail_server)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(desk.ledger, "mark_links_used", die)
        with pytest.raises(KeyboardInterrupt):
            desk.answer_links.use(tokens[LinkAnswer.CANCELED], by="Bo")
    with pytest.raises(InvalidStateError, match="settled already: canceled"):
        desk.answer_links.use(tokens[LinkAnswer.REJECTED], by="Eve")


def test_a_forged_and_an_unknown_link_are_answered_alike_and_a_name_is_needed(
    open_desk: Opener, mail_server: MailServer, tmp_path: Path, clock: VirtualClock
) -> None:
    desk = open_desk(mail_server.config())
    asked(desk)
    token = tokens_in(mail_server)[LinkAnswer.CANCELED]
    with open_email_desk(tmp_path / "other.db", clock, mail=mail_server.config(), links=LINKS) as other:
        said = []
        for strange in (token, token[:-1] + "A", "x", "", "é" * 9, "." * 5000):
            with pytest.raises(NotFoundError) as raised:
                other.answer_links.find(strange)
            said.append(str(raised.value))
    assert len(set(said)) == 1
    with pytest.raises(ValidationError):
        desk.answer_links.use(token, by=" ")
    assert desk.answer_links.use(token, by="Bo").state is State.CANCELED


@pytest.mark.parametrize("mode", ["draft", "redirect"])
def test_a_mail_that_the_service_does_not_get_has_no_links(
    open_desk: Opener, mail_server: MailServer, mode: str
) -> None:
    desk = open_desk(mail_server.config(mode=mode, redirect_to="test@example.com"))
    case = asked(desk)
    assert "desk.example.com" not in history(desk, case)
    assert not any("desk.example.com" in body for body in bodies(mail_server))


def test_without_the_table_no_mail_has_links_and_no_token_is_known(open_desk: Opener, mail_server: MailServer) -> None:
    desk = open_desk(mail_server.config(), None)
    asked(desk)
    assert "one of these links" not in bodies(mail_server)[0]
    with pytest.raises(NotFoundError):
        desk.answer_links.find("x.y")
