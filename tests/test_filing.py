"""Filing a mail as proof: which mails of ours it may answer, and what a case keeps of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from orderdesk_sdk.case import Case, ProofKind, State
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.config import Config, ConnectionConfig
from orderdesk_sdk.declaration import Integration, Portal
from orderdesk_sdk.desk import Desk
from orderdesk_sdk.errors import ConflictError, NotFoundError
from orderdesk_sdk.exchange import Exchange, Intent
from orderdesk_sdk.hookspecs import hookimpl
from orderdesk_sdk.mail import MailConfig
from orderdesk_sdk.order import Line, Order
from orderdesk_sdk.registry import Registry
from orderdesk_sdk.settings import host, settings

SENT = "<sent@before.example>"


@settings
class PhoneSettings:
    url: str = host(help="where it is", default="https://phone.example")


class Phone:
    """An integration whose cases a person decides."""

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        return Integration(
            slug="phone", title="Phone", settings=PhoneSettings, base_url="url", cancel=(Portal("Call them."),)
        )


def opened(path: Path, connections: tuple[str, ...] = ("phone",)) -> Desk:
    registry = Registry()
    registry.register(Phone(), "phone")
    configured = {name: ConnectionConfig(name, "phone", {}, f"[connections.{name}]") for name in connections}
    config = Config(path, configured, mail=MailConfig(sender="orders@shop.example"))
    return Desk(config, clock=VirtualClock(), registry=registry)


def asked(desk: Desk) -> Case:
    desk.import_orders([Order("id-1042", "1042", lines=(Line(1, code="MUG"),))], by="Ann")
    desk.place("1042", at="phone", by="Ann")
    (case,) = desk.cancel("1042", by="Ann").cases
    return case


def mail(answers: str) -> bytes:
    head = "From: a@b.example\nDate: Mon, 05 Jan 2026 09:20:00 +0000\n"
    return f"{head}In-Reply-To: {answers}\n\nCanceled.\n".encode()


def test_a_mail_that_was_sent_under_another_sender_is_still_ours(path: Path) -> None:
    with opened(path) as desk:
        case, now = asked(desk), desk.clock.now()
        intent = Intent(1, "mail", "MAIL", "mailto:them@b.example", "00", False, now)
        desk.ledger.append(case, [intent, Exchange(intent, now, headers={"message-id": SENT})], fenced=False)
        proof = desk.case(desk.confirm(case.id, by="Ben", message=mail(SENT)).id).proof
    assert proof is not None
    assert proof.message is not None
    assert proof.message.answers == SENT


def test_a_mail_of_another_case_is_none_of_ours(path: Path) -> None:
    with opened(path) as desk:
        done = desk.confirm(asked(desk).id, by="Ben", message=mail("<other-1.0@shop.example>"))
        proof = desk.case(done.id).proof
    assert proof is not None
    assert proof.message is not None
    assert proof.message.answers is None


def test_the_proof_is_there_when_the_ledger_is_opened_again(path: Path) -> None:
    with opened(path) as desk:
        case = asked(desk)
        desk.confirm(case.id, by="Ben", message=mail(f"<{case.id}.0@shop.example>"))
    with opened(path) as desk:
        kept = desk.case(case.id)
        (receipt,) = desk.receipt("1042").wishes[0].cases
    assert (kept.state, kept.proof.kind if kept.proof else None) == (State.CANCELED, ProofKind.MESSAGE)
    assert receipt.proof is not None
    assert receipt.proof.message == (kept.proof.message if kept.proof else None)
    assert any("Canceled." in (step.text or "") for step in receipt.steps if step.what == "note")


def test_a_mail_about_a_settled_case_changes_and_adds_nothing(path: Path) -> None:
    with opened(path) as desk:
        case = asked(desk)
        desk.refuse(case.id, by="Ben")
        before = desk.ledger.history(case.id)
        with pytest.raises(ConflictError):
            desk.confirm(case.id, by="Ben", message=mail(SENT))
        assert desk.ledger.history(case.id) == before


def test_a_mail_needs_the_connection_that_knows_the_secrets_and_a_word_does_not(path: Path) -> None:
    with opened(path) as desk:
        case = asked(desk)
    with opened(path, connections=()) as desk:
        with pytest.raises(NotFoundError):
            desk.confirm(case.id, by="Ben", message=mail(SENT))
        assert desk.confirm(case.id, by="Ben").state is State.CANCELED
