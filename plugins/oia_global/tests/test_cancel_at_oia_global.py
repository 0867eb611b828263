"""Canceling at OIA Global: one mail to a real SMTP server on this machine, and a person's word; nothing else."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.evidence import EvidenceKind
from orderdesk_sdk.clock import VirtualClock, hours
from orderdesk_sdk.desk.config import Config
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.orders.order import Address, Order, OrderLine
from orderdesk_sdk.plugin.integration import Verification
from orderdesk_sdk.runtime.connection_config import ConnectionConfig
from orderdesk_sdk.stores.sqlite.orders import SqliteOrderStore
from orderdesk_sdk.transport.email.config import EmailConfig

OIA, OWN = "cancellations@oia.example", "drill@shop.example"
SETTINGS = {"client_code": "SHOP{7}", "mode": "production", "cancel_email_to": OIA}
TEST = {"mode": "test", "test_email_to": OWN}

Opener = Callable[..., Desk]


class Inbox:
    """Takes every mail and keeps it."""

    def __init__(self) -> None:
        self.arrived: list[Envelope] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's
        self.arrived.append(envelope)
        return "250 taken"

    def mail(self) -> EmailMessage:
        """The one mail that arrived."""
        (envelope,) = self.arrived
        assert isinstance(envelope.content, bytes)
        return message_from_bytes(envelope.content, policy=policy.default)

    def text(self) -> str:
        """Its body."""
        return str(self.mail().get_content()).rstrip()


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def open_desk(inbox: Inbox, tmp_path: Path) -> Iterator[Opener]:
    """Opens a desk with order 1042 at OIA Global and a mail server; keywords change the connection's settings."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(inbox, hostname="127.0.0.1", port=port)
    controller.start()
    with ExitStack() as stack:
        stack.callback(controller.stop)

        def open_(order: Order | None = None, **changed: object) -> Desk:
            table = {name: value for name, value in {**SETTINGS, **changed}.items() if value is not None}
            config = Config(
                tmp_path / "orderdesk.db",
                {"oia": ConnectionConfig("oia", "oia-global", table, "[connections.oia]")},
                email=EmailConfig(sender="Shop <orders@shop.example>", host="127.0.0.1", port=port, timeout=5),
            )
            desk = stack.enter_context(Desk(config, clock=VirtualClock()))
            assert isinstance(desk.order_store, SqliteOrderStore)
            to = Address(last_name="Understudy", postal_code="62701", city="Springfield")
            sample = Order("id-1042", "1042", shipping=to, lines=(OrderLine(2, code="MUG"),))
            desk.order_store.import_orders([order or sample], by="Ann")
            desk.orders.register("id-1042", connection="oia", by="Ann", remote_id="OIA-9")
            return desk

        yield open_


def asked(desk: Desk) -> CancelCase:
    (case,) = desk.cancel("id-1042", by="Ann", reason="customer asked").cases
    return case


def test_one_mail_asks_and_only_a_persons_word_cancels(open_desk: Opener, inbox: Inbox) -> None:
    desk = open_desk()
    case = asked(desk)
    assert (case.state, case.evidence) == (State.ACTION_REQUIRED, None)
    assert "awaiting the service's confirmation" in str(case.message)
    assert asked(desk).id == case.id
    desk.run_due()
    assert len(inbox.arrived) == 1
    assert not desk.cancellations.receipt("1042").is_canceled
    done = desk.cancellations.get_case(desk.cases.confirm(case.id, by="Ann").id)
    assert (done.state, done.evidence and done.evidence.kind) == (State.CANCELED, EvidenceKind.PERSON)


def test_the_mail_says_who_we_are_what_is_to_be_canceled_and_why(open_desk: Opener, inbox: Inbox) -> None:
    asked(open_desk())
    mail = inbox.mail()
    assert (mail["To"], mail["Subject"]) == (OIA, "Please cancel order 1042")
    assert inbox.arrived[0].rcpt_tos == [OIA]
    lines = inbox.text().splitlines()
    assert lines[0] == "Client code: SHOP{7}"
    assert "Please cancel our order 1042 (at OIA Global: OIA-9), all of it, and answer whether it is" in lines
    assert "2 x MUG" in lines
    assert "Reason: customer asked. Requested by Ann." in lines
    assert "ships to Understudy, 62701 Springfield." in inbox.text()


def test_the_texts_are_settings(open_desk: Opener, inbox: Inbox) -> None:
    asked(open_desk(cancel_email_subject="Stop {remote_id}", cancel_email_body="Stop {remote_id} {{now}}"))
    assert inbox.mail()["Subject"] == "Stop OIA-9"
    assert inbox.text().splitlines() == ["Client code: SHOP{7}", "", "Stop OIA-9 {now}"]


def test_no_text_of_an_order_becomes_a_header_or_a_field(open_desk: Opener, inbox: Inbox) -> None:
    number = "1042\r\nBcc: thief@example.com {client_code}"
    asked(open_desk(Order("id-1042", number, lines=(OrderLine(1, code="MUG\nAlso cancel 7"),))))
    mail = inbox.mail()
    assert mail["Bcc"] is None
    assert inbox.arrived[0].rcpt_tos == [OIA]
    assert mail["Subject"] == "Please cancel order 1042  Bcc: thief@example.com {client_code}"
    assert "1 x MUG Also cancel 7" in inbox.text().splitlines()


def test_a_mail_in_mode_test_says_so_and_never_goes_to_oia_global(open_desk: Opener, inbox: Inbox) -> None:
    desk = open_desk(**TEST, cancel_email_subject="Stop {remote_id}")
    (entry,) = desk.cancellations.plan("1042").entries
    assert "OIA Global hears nothing" in str(entry.steps[0].warning)
    asked(desk)
    assert inbox.arrived[0].rcpt_tos == [OWN]
    assert (inbox.mail()["To"], inbox.mail()["Subject"]) == (OWN, "TEST, cancels nothing: Stop OIA-9")
    assert OIA not in str(inbox.mail())


@pytest.mark.parametrize("own", [None, OIA, f"Drill <{OIA.upper()}>"])
def test_mode_test_needs_an_address_of_ones_own(open_desk: Opener, inbox: Inbox, own: str | None) -> None:
    with pytest.raises(ConfigurationError, match="needs test_email_to") as raised:
        open_desk(mode="test", test_email_to=own)
    assert raised.value.location == "[connections.oia].settings"
    assert inbox.arrived == []


@pytest.mark.parametrize("missing", ["client_code", "mode", "cancel_email_to"])
def test_what_nobody_published_is_required(open_desk: Opener, missing: str) -> None:
    with pytest.raises(ConfigurationError, match="is missing") as raised:
        open_desk(**{missing: None})
    assert raised.value.location == f"[connections.oia].settings.{missing}"


def test_the_declaration_says_that_no_call_is_made(open_desk: Opener) -> None:
    integration = open_desk().connections.get("oia").integration
    assert (integration.base_url, integration.auth, integration.verified_by) == (None, None, Verification.CONFIGURATION)
    (entry,) = open_desk().cancellations.plan("1042").entries
    assert ([step.label for step in entry.steps], entry.chosen_step) == (["e-mail"], 0)


def test_nothing_can_be_read_back(open_desk: Opener) -> None:
    desk = open_desk()
    case = asked(desk)
    assert isinstance(desk.clock, VirtualClock)
    desk.clock.advance(hours(5))
    desk.run_due()
    assert desk.cancellations.get_case(case.id).state is State.ACTION_REQUIRED


@pytest.mark.parametrize("name", ["cancel_email_to", "test_email_to"])
def test_an_address_that_is_none_is_named_by_its_setting(open_desk: Opener, name: str) -> None:
    with pytest.raises(ConfigurationError, match="exactly one address") as raised:
        open_desk(**{**TEST, name: "a@oia.example, b@oia.example"})
    assert raised.value.location == f"[connections.oia].settings.{name}"
