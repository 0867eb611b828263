"""Mail through a desk, at a real SMTP server: what each way to fail makes of the case, and what people do then."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest
from aiosmtpd.smtp import AuthResult

from orderdesk_devkit.testing.plugin_under_test import sample_order
from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.exchange import Exchange, Intent
from orderdesk_sdk.cases.policy.deadlines import RETRY_POLICY
from orderdesk_sdk.cases.state_machine import EventKind
from orderdesk_sdk.clock import VirtualClock, hours, seconds
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.plugin.answer import Rejection
from orderdesk_sdk.plugin.routes import Route
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.transport.email.config import EmailConfig
from tests.support.certificates import make_certificate
from tests.support.email_child import EMAIL_ONLY, EMAIL_OR_PORTAL_ROUTES, EMAIL_ROUTES, WITHIN, open_email_desk

if TYPE_CHECKING:
    from tests.conftest import MailServer

ORDER = sample_order()
NUMBER = ORDER.number
PASSWORD = "a-password-nobody-sees"

Servers = Callable[..., "MailServer"]


class Opener(Protocol):
    """Opens a desk on the one file of a test, with the order submitted to the e-mail-only integration."""

    def __call__(
        self, mail: EmailConfig | None, routes: tuple[Route, ...] = EMAIL_ROUTES, **changed: object
    ) -> Desk: ...


@pytest.fixture
def open_desk(tmp_path: Path, clock: VirtualClock) -> Iterator[Opener]:
    with ExitStack() as stack:

        def open_(mail: EmailConfig | None, routes: tuple[Route, ...] = EMAIL_ROUTES, **changed: object) -> Desk:
            opened = open_email_desk(tmp_path / "desk.db", clock, mail=mail, routes=routes, changed=changed)
            desk = stack.enter_context(opened)
            desk.orders.import_orders([ORDER], by="a test")
            if not desk.order_store.remote_orders(ORDER.id):
                desk.orders.register(NUMBER, connection=EMAIL_ONLY, by="a test")
            return desk

        yield open_


def asked(desk: Desk) -> CancelCase:
    (case,) = desk.cancel(NUMBER, by="Ann", reason="customer asked").cases
    return case


def next_of(desk: Desk, case: CancelCase, clock: VirtualClock) -> CancelCase:
    """Let time pass until the case is due, and do what is due."""
    due = desk.cancellations.get_case(case.id).due_at
    assert due is not None
    clock.advance(max(due - clock.now(), seconds(0)))
    assert desk.run_due().problems == ()
    return desk.cancellations.get_case(case.id)


def history(desk: Desk, case: CancelCase) -> str:
    return "\n".join(str(entry.content) for entry in desk.ledger.history(case.id))


def identity(case: CancelCase) -> str:
    return f"<{case.id}.0@example.com>"


# The three modes


def test_a_sent_mail_waits_for_a_person_with_its_proof_beside_it(open_desk: Opener, mail_server: MailServer) -> None:
    desk = open_desk(mail_server.config())
    case = asked(desk)
    assert (case.state, case.message) == (
        State.ACTION_REQUIRED,
        "E-mail sent to desk@example.net; awaiting the service's confirmation",
    )
    assert not desk.cancellations.receipt(NUMBER).is_canceled
    assert mail_server.recipients() == [["desk@example.net"]]
    (exchange,) = [entry.content for entry in desk.ledger.history(case.id) if isinstance(entry.content, Exchange)]
    assert exchange.headers == {"message-id": identity(case)}
    assert f"Cancel {NUMBER}" in exchange.body
    assert f"Please cancel {NUMBER}: customer asked" in exchange.body
    steps = {
        step.summary: step.message for step in desk.cancellations.receipt(NUMBER).cancellations[0].cases[0].history
    }
    assert steps[f"MAIL mailto:desk@example.net?message-id={case.id}.0@example.com"] == "answered 250 taken"


def test_a_redirected_mail_says_that_the_service_has_heard_nothing(open_desk: Opener, mail_server: MailServer) -> None:
    desk = open_desk(mail_server.config(mode="redirect", redirect_to="me@example.org"))
    case = asked(desk)
    assert case.message == "E-mail sent to me@example.org in place of desk@example.net; the service received nothing"
    assert mail_server.recipients() == [["me@example.org"]]


def test_a_draft_is_kept_for_a_person_and_sent_to_nobody(open_desk: Opener, mail_server: MailServer) -> None:
    desk = open_desk(mail_server.config(mode="draft"), body="Größe {lines}\n")
    case = asked(desk)
    assert (case.state, mail_server.arrived) == (State.ACTION_REQUIRED, [])
    assert "send the e-mail" in str(case.hint)
    assert f"draft:\nFrom: Shop <orders@example.com>\nTo: desk@example.net\nSubject: Cancel {NUMBER}\n" in history(
        desk, case
    )
    assert "Größe" in history(desk, case)


# TLS


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    return make_certificate(tmp_path)


@pytest.fixture
def tls_server(mail_servers: Servers, certificate: Path) -> MailServer:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return mail_servers(tls_context=context, require_starttls=True)


def test_a_mail_goes_by_tls_where_the_authority_is_known(
    open_desk: Opener, tls_server: MailServer, certificate: Path
) -> None:
    case = asked(open_desk(tls_server.config(starttls=True, ca_file=str(certificate))))
    assert (case.state, tls_server.encrypted) == (State.ACTION_REQUIRED, [True])


@pytest.mark.slow
def test_a_server_that_is_not_to_be_trusted_gets_nothing_until_somebody_mends_it(
    open_desk: Opener, tls_server: MailServer, certificate: Path, clock: VirtualClock
) -> None:
    case = asked(open_desk(tls_server.config(starttls=True)))
    assert (case.state, case.last_sent_at, tls_server.arrived) == (State.PENDING, None, [])
    assert "certificate is not to be trusted: self-signed certificate" in str(case.message)
    assert "ca_file" in str(case.hint)
    mended = open_desk(tls_server.config(starttls=True, ca_file=str(certificate)))
    assert next_of(mended, case, clock).state is State.ACTION_REQUIRED
    assert tls_server.encrypted == [True]


@pytest.mark.slow
def test_a_certificate_of_another_name_is_not_to_be_trusted(
    open_desk: Opener, tls_server: MailServer, certificate: Path
) -> None:
    case = asked(open_desk(tls_server.config(starttls=True, ca_file=str(certificate), host="localhost")))
    assert (case.state, tls_server.arrived) == (State.PENDING, [])
    assert "not to be trusted" in str(case.message)
    assert "not 'localhost'" in str(case.hint)


def test_a_server_without_tls_gets_nothing_where_tls_is_wanted(open_desk: Opener, mail_server: MailServer) -> None:
    case = asked(open_desk(mail_server.config(starttls=True)))
    assert (case.state, case.message, mail_server.arrived) == (State.PENDING, "the mail server offers no TLS", [])
    assert case.hint


def test_authorities_that_cannot_be_read_are_said(open_desk: Opener, tls_server: MailServer, tmp_path: Path) -> None:
    junk = tmp_path / "junk.pem"
    junk.write_text("junk")
    case = asked(open_desk(tls_server.config(starttls=True, ca_file=str(junk))))
    assert (case.state, case.hint, tls_server.arrived) == (State.PENDING, "give a PEM file", [])


# Logins


def login(server: object, session: object, envelope: object, mechanism: str, data: object) -> AuthResult:
    return AuthResult(success=getattr(data, "password", b"") == PASSWORD.encode(), handled=False)


@pytest.fixture
def login_server(mail_servers: Servers) -> MailServer:
    return mail_servers(authenticator=login, auth_require_tls=False)


def test_a_mail_goes_out_after_a_login(open_desk: Opener, login_server: MailServer) -> None:
    desk = open_desk(login_server.config(username="shop", password=Secret(PASSWORD)))
    case = asked(desk)
    assert (case.state, len(login_server.arrived)) == (State.ACTION_REQUIRED, 1)
    assert PASSWORD not in history(desk, case)


def test_a_refused_login_is_tried_again_until_a_person_gets_the_case(
    open_desk: Opener, login_server: MailServer, clock: VirtualClock
) -> None:
    desk = open_desk(login_server.config(username="shop", password=Secret("wrong-password")))
    case = asked(desk)
    assert (case.state, case.message) == (State.PENDING, "the mail server refuses the login (535)")
    assert case.hint == "check username and password"
    clock.advance(RETRY_POLICY.give_up_after)
    after = next_of(desk, case, clock)
    assert (after.state, after.last_sent_at, login_server.arrived) == (State.ACTION_REQUIRED, None, [])
    assert "check username and password" in str(after.hint)
    assert "wrong-password" not in history(desk, case)


def test_a_server_without_a_login_is_told_apart(open_desk: Opener, mail_server: MailServer) -> None:
    case = asked(open_desk(mail_server.config(username="shop", password=Secret(PASSWORD))))
    assert (case.state, case.message) == (State.PENDING, "the mail server offers no login")
    assert "starttls" in str(case.hint)
    assert mail_server.arrived == []


# Servers that fail


def test_greylisting_is_waited_out_and_the_mail_goes_once(
    open_desk: Opener, mail_server: MailServer, clock: VirtualClock
) -> None:
    mail_server.responses["RCPT"] = ["450 greylisted", "450 greylisted", "250 OK"]
    desk = open_desk(mail_server.config())
    case = asked(desk)
    assert (case.state, case.last_sent_at) == (State.PENDING, None)
    assert "450 greylisted" in str(case.message)
    assert next_of(desk, case, clock).state is State.PENDING
    assert next_of(desk, case, clock).state is State.ACTION_REQUIRED
    assert len(mail_server.arrived) == 1


def test_a_recipient_that_is_refused_for_a_day_goes_to_a_person(
    open_desk: Opener, mail_server: MailServer, clock: VirtualClock
) -> None:
    mail_server.responses["RCPT"] = ["550 unknown"]
    desk = open_desk(mail_server.config())
    case = asked(desk)
    clock.advance(RETRY_POLICY.give_up_after)
    after = next_of(desk, case, clock)
    assert (after.state, after.last_sent_at) == (State.ACTION_REQUIRED, None)
    assert "550 unknown" in str(after.message)


@pytest.mark.parametrize("response", ["451 later", "554 no"])
def test_a_mail_that_is_refused_after_it_was_told_is_sent_again_later(
    open_desk: Opener, mail_server: MailServer, clock: VirtualClock, response: str
) -> None:
    mail_server.responses["DATA"] = [response, "250 taken"]
    desk = open_desk(mail_server.config())
    case = asked(desk)
    assert (case.state, case.last_sent_at) == (State.PENDING, None)
    assert next_of(desk, case, clock).state is State.ACTION_REQUIRED
    assert len(mail_server.arrived) == 1


def test_a_server_that_hangs_up_before_the_mail_gets_it_later(
    open_desk: Opener, mail_server: MailServer, clock: VirtualClock
) -> None:
    mail_server.responses["RCPT"] = ["drop", "250 OK"]
    desk = open_desk(mail_server.config())
    case = asked(desk)
    assert (case.state, case.last_sent_at) == (State.PENDING, None)
    assert next_of(desk, case, clock).state is State.ACTION_REQUIRED
    assert len(mail_server.arrived) == 1


@pytest.mark.slow
@pytest.mark.parametrize("response", ["drop", "silence", f"250 {'x' * 9000}"], ids=["hangs up", "is silent", "babbles"])
def test_where_nobody_knows_whether_it_arrived_a_person_looks_and_it_is_not_sent_again(
    open_desk: Opener, mail_server: MailServer, clock: VirtualClock, response: str
) -> None:
    mail_server.responses["DATA"] = [response, "250 taken"]
    desk = open_desk(mail_server.config(timeout=1))
    case = asked(desk)
    assert case.state is State.ACTION_REQUIRED
    assert f"look for the e-mail with Message-ID {identity(case)}" in str(case.hint)
    for _ in range(3):
        next_of(desk, case, clock)
    assert len(mail_server.arrived) == 1
    again = desk.cases.retry(case.id, by="Ann")
    assert (again.state, len(mail_server.arrived)) == (State.ACTION_REQUIRED, 2)
    assert all(f"Message-ID: {identity(case)}" in text for text in mail_server.texts()), "both can be told to be one"


@pytest.mark.slow
def test_a_server_that_never_answers_is_left_and_provably_got_nothing(open_desk: Opener) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        config = EmailConfig(sender="a@example.com", host="127.0.0.1", port=mute.getsockname()[1], timeout=1)
        case = asked(open_desk(config))
    assert (case.state, case.last_sent_at) == (State.PENDING, None)
    assert "did not go out" in str(case.message)


def test_after_a_death_the_mail_is_named_as_it_was_sent_whatever_is_configured_now(
    open_desk: Opener, mail_server: MailServer, clock: VirtualClock
) -> None:
    class Died(BaseException):
        pass

    desk = open_desk(mail_server.config())
    with pytest.MonkeyPatch.context() as patched:
        writing = desk.ledger.write

        def dying(change: object) -> None:
            if not any(isinstance(entry, Intent) for entry in getattr(change, "entries", ())):
                raise Died
            writing(change)  # type: ignore[arg-type]  # whatever it was given

        patched.setattr(desk.ledger, "write", dying)
        with pytest.raises(Died):
            desk.cancel(NUMBER, by="Ann")
    (case,) = desk.cases.list(order=NUMBER)
    assert case.state is State.SENDING
    after = next_of(open_desk(mail_server.config(sender="new@example.org")), case, clock)
    assert after.state is State.ACTION_REQUIRED
    assert f"Message-ID {identity(case)}" in str(after.hint)
    assert len(mail_server.arrived) == 1


# What people do then


def test_a_person_is_reminded_and_told_how_often_and_how_late_it_is(
    open_desk: Opener, mail_server: MailServer, clock: VirtualClock
) -> None:
    desk = open_desk(mail_server.config())
    case = asked(desk)
    first = next_of(desk, case, clock)
    assert (first.state, first.due_at) == (State.ACTION_REQUIRED, clock.now() + WITHIN)
    assert str(first.message).endswith("awaiting the service's confirmation (reminder 1: due now)")
    clock.advance(hours(2))
    assert desk.run_due().handled == 0
    assert str(next_of(desk, case, clock).message).endswith(
        "awaiting the service's confirmation (reminder 2: 4 h overdue)"
    )
    assert len(mail_server.arrived) == 1


def test_where_there_is_a_next_way_an_overdue_case_climbs_to_it(
    open_desk: Opener, mail_server: MailServer, clock: VirtualClock
) -> None:
    desk = open_desk(mail_server.config(), EMAIL_OR_PORTAL_ROUTES)
    case = asked(desk)
    climbed = next_of(desk, case, clock)
    assert climbed.route == 1
    after = next_of(desk, case, clock)
    assert (after.state, after.message) == (State.ACTION_REQUIRED, "Call Post.")
    assert (after.action_required_since, len(mail_server.arrived)) == (clock.now(), 1)
    assert str(next_of(desk, case, clock).message) == "Call Post. (reminder 1: due now)"


def test_a_person_confirms_with_name_and_note(open_desk: Opener, mail_server: MailServer) -> None:
    desk = open_desk(mail_server.config())
    case = asked(desk)
    done = desk.cancellations.get_case(desk.cases.confirm(case.id, by="Ann", note="they wrote back at noon").id)
    assert (done.state, done.due_at, done.action_required_since) == (State.CANCELED, None, None)
    assert done.evidence is not None
    assert (done.evidence.person, done.evidence.note) == ("Ann", "they wrote back at noon")
    assert desk.cancellations.receipt(NUMBER).is_canceled


def test_a_person_refuses_with_name_and_note(open_desk: Opener, mail_server: MailServer) -> None:
    desk = open_desk(mail_server.config())
    case = asked(desk)
    done = desk.cancellations.get_case(
        desk.cases.reject(case.id, by="Ann", rejection=Rejection.SHIPPED, note="it left yesterday").id
    )
    assert (done.state, done.rejection, done.message) == (State.REJECTED, Rejection.SHIPPED, "it left yesterday")
    event = [entry.content for entry in desk.ledger.history(case.id)][-1]
    assert (getattr(event, "kind", None), getattr(event, "person", None)) == (EventKind.REJECTED, "Ann")


# Recipients


@pytest.mark.parametrize("to", ["a@example.com, b@example.com", "nobody", "a@example.com\nBcc: b@example.com"])
def test_a_recipient_that_is_no_single_address_is_said_before_anything_is_sent(
    open_desk: Opener, mail_server: MailServer, to: str
) -> None:
    open_desk(mail_server.config())
    desk = open_desk(mail_server.config(), to=to)
    problem = desk.cancellations.plan(NUMBER).entries[0].problem
    assert str(problem).startswith("[connections.post].settings.to: ")
    case = asked(desk)
    assert (case.state, mail_server.arrived) == (State.PENDING, [])
    assert case.hint
