"""Filing a mail as proof: which mails of ours it may answer, and what a case keeps of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.evidence import EvidenceKind
from orderdesk_sdk.cases.exchange import Exchange, Intent
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.desk.config import Config
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.errors import InvalidStateError, NotFoundError, ValidationError
from orderdesk_sdk.orders.order import Order, OrderLine
from orderdesk_sdk.plugin.registry import PluginRegistry
from orderdesk_sdk.runtime.connection_config import ConnectionConfig
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.transport.email.config import EmailConfig
from tests.support.email_child import EMAIL_ONLY, EmailOnlyPlugin
from tests.support.phone import Phone

PASSWORD = "a-password-nobody-sees"
SENT = "<sent@before.example>"


def opened(path: Path, connections: tuple[str, ...] = ("phone",), post: str = "") -> Desk:
    """A desk; post: the address of a connection that is asked by mail, which waits as a draft."""
    registry = PluginRegistry()
    registry.register(Phone(), "phone")
    registry.register(EmailOnlyPlugin(), EMAIL_ONLY)
    configured = {name: ConnectionConfig(name, "phone", {}, f"[connections.{name}]") for name in connections}
    if post:
        configured[EMAIL_ONLY] = ConnectionConfig(EMAIL_ONLY, EMAIL_ONLY, {"to": post}, f"[connections.{EMAIL_ONLY}]")
    config = Config(
        path,
        configured,
        email=EmailConfig(sender="orders@shop.example", mode="draft", username="shop", password=Secret(PASSWORD)),
    )
    return Desk(config, clock=VirtualClock(), registry=registry)


def asked(desk: Desk) -> CancelCase:
    desk.orders.import_orders([Order("id-1042", "1042", lines=(OrderLine(1, code="MUG"),))], by="Ann")
    desk.orders.register("1042", connection="phone", by="Ann")
    (case,) = desk.cancel("1042", by="Ann").cases
    return case


def mail(
    answers: str, text: str = "Canceled.", *, sender: str = "a@b.example", day: str = "05 Jan 2026", more: str = ""
) -> bytes:
    head = f"From: {sender}\nDate: {day} 09:20:00 +0000\n{more}"
    return f"{head}In-Reply-To: {answers}\n\n{text}\n".encode()


def refused(desk: Desk, case: CancelCase, message: bytes) -> ValidationError:
    """Why a mail is no evidence; the case stays as it was."""
    before = desk.cancellations.get_case(case.id), desk.ledger.history(case.id)
    with pytest.raises(ValidationError) as caught:
        desk.cases.confirm(case.id, by="Ben", email=message)
    assert (desk.cancellations.get_case(case.id), desk.ledger.history(case.id)) == before
    assert caught.value.location == "the message"
    assert caught.value.hint
    return caught.value


def test_a_mail_that_was_sent_under_another_sender_is_still_ours(path: Path) -> None:
    with opened(path) as desk:
        case, now = asked(desk), desk.clock.now()
        intent = Intent(1, "mail", "MAIL", "mailto:them@b.example", "00", False, now)
        desk.ledger.append(case, [intent, Exchange(intent, now, headers={"message-id": SENT})], if_unchanged=False)
        proof = desk.cancellations.get_case(desk.cases.confirm(case.id, by="Ben", email=mail(SENT)).id).evidence
    assert proof is not None
    assert proof.email is not None
    assert proof.email.in_reply_to == SENT


def test_a_mail_that_answers_another_case_is_no_evidence_for_this_one(path: Path) -> None:
    with opened(path) as desk:
        case = asked(desk)
        desk.orders.import_orders([Order("id-1043", "1043", lines=(OrderLine(1, code="MUG"),))], by="Ann")
        desk.orders.register("1043", connection="phone", by="Ann")
        (other,) = desk.cancel("1043", by="Ann").cases
        theirs, ours = f"<{other.id}.0@before.example>", f"<{case.id}.0@shop.example>"
        error = refused(desk, case, mail(theirs, "1042 is canceled."))
        assert other.id in error.message
        assert "order 1043 at phone" in error.message
        refused(desk, case, mail("<new@b.example>", more=f"References: {ours} {theirs} <x@b.example>\n"))
        proof = desk.cancellations.get_case(
            desk.cases.confirm(case.id, by="Ben", email=mail(ours, more=f"References: {theirs}\n")).id
        ).evidence
    assert proof is not None
    assert proof.email is not None
    assert (proof.email.in_reply_to, proof.email.in_reply_to_case) == (ours, case.id)


def test_an_answer_is_known_by_our_own_id_where_the_provider_gave_the_mail_another(path: Path) -> None:
    with opened(path) as desk:
        case = asked(desk)
        ours = f"<{case.id}.0@shop.example>"
        thread = mail("<rewritten@provider.example>", more=f"References: {ours} <rewritten@provider.example>\n")
        proof = desk.cancellations.get_case(desk.cases.confirm(case.id, by="Ben", email=thread).id).evidence
    assert proof is not None
    assert proof.email is not None
    assert proof.email.in_reply_to == ours


@pytest.mark.parametrize("text", ["Canceled.", "Order 10420 is canceled.", "1042-1 is canceled.", "It is 7-1042."])
def test_a_mail_that_answers_none_of_ours_and_names_no_order_is_no_evidence(path: Path, text: str) -> None:
    with opened(path) as desk:
        assert "does not name 1042" in refused(desk, asked(desk), mail("<else@b.example>", text)).message


def test_a_mail_that_names_the_order_is_evidence_and_says_by_what(path: Path) -> None:
    with opened(path) as desk:
        proof = desk.cancellations.get_case(
            desk.cases.confirm(asked(desk).id, by="Ben", email=mail("<else@b.example>", "We canceled #1042.")).id
        ).evidence
    assert proof is not None
    assert proof.email is not None
    assert (proof.email.in_reply_to, proof.email.in_reply_to_case, proof.email.mentioned_order_number) == (
        None,
        None,
        "1042",
    )


@pytest.mark.parametrize(
    "sender", ["orders@shop.example", "Shop <ORDERS@SHOP.EXAMPLE>", "Ann <ann@shop.example>", "ann@mail.shop.example."]
)
def test_a_mail_of_our_own_house_is_no_evidence(path: Path, sender: str) -> None:
    with opened(path) as desk:
        case = asked(desk)
        assert "sent by us" in refused(desk, case, mail(SENT, "1042 is canceled", sender=sender)).message
        own = mail("<x@b.example>", "1042", more=f"Message-ID: <{case.id}.0@shop.example>\n")
        assert "sent by us" in refused(desk, case, own).message


@pytest.mark.parametrize(
    ("day", "why"), [("07 Jan 2026", "still to come"), ("02 Jan 2026", "before the cancellation was requested")]
)
def test_a_mail_of_another_time_is_no_answer_to_this_wish(path: Path, day: str, why: str) -> None:
    with opened(path) as desk:
        assert why in refused(desk, asked(desk), mail("<else@b.example>", "1042 is canceled.", day=day)).message


def test_a_mail_from_where_another_place_is_asked_is_no_evidence_for_this_one(path: Path) -> None:
    with opened(path, post="desk@post.example") as desk:
        desk.orders.import_orders([Order("id-1042", "1042", lines=(OrderLine(1, code="MUG"),))], by="Ann")
        for place in ("phone", "post"):
            desk.orders.register("1042", connection=place, by="Ann")
        by_name = {case.connection: case for case in desk.cancel("1042", by="Ann").cases}
        said = mail("<else@b.example>", "1042 is canceled.", sender="Bo <bo@post.example>")
        assert "from the address of post" in refused(desk, by_name["phone"], said).message
        assert (
            desk.cancellations.get_case(desk.cases.confirm(by_name["post"].id, by="Ben", email=said).id).state
            is State.CANCELED
        )


def test_no_password_of_the_mail_server_is_kept_from_a_mail(path: Path) -> None:
    with opened(path) as desk:
        case = asked(desk)
        done = desk.cases.confirm(
            case.id, by="Ben", email=mail(SENT, f"1042 is canceled, {PASSWORD}", sender=f"{PASSWORD} <a@b.example>")
        )
        kept = f"{done}{desk.ledger.history(case.id)}"
    assert "[hidden]" in kept
    assert PASSWORD not in kept


def test_one_mail_does_not_prove_two_services(path: Path) -> None:
    with opened(path, connections=("phone", "other")) as desk:
        case = asked(desk)
        said = mail("<else@b.example>", "1042 is canceled.")
        desk.cases.confirm(case.id, by="Ben", email=said)
        desk.orders.register("1042", connection="other", by="Ann")
        (other,) = desk.cancel("1042", by="Ann", connections=["other"]).cases
        assert f"case {case.id} at phone" in refused(desk, other, said).message


def test_the_proof_is_there_when_the_ledger_is_opened_again(path: Path) -> None:
    with opened(path) as desk:
        case = asked(desk)
        desk.cases.confirm(case.id, by="Ben", email=mail(f"<{case.id}.0@shop.example>"))
    with opened(path) as desk:
        kept = desk.cancellations.get_case(case.id)
        (receipt,) = desk.cancellations.receipt("1042").cancellations[0].cases
    assert (kept.state, kept.evidence.kind if kept.evidence else None) == (State.CANCELED, EvidenceKind.EMAIL)
    assert receipt.evidence is not None
    assert receipt.evidence.email == (kept.evidence.email if kept.evidence else None)
    assert any("Canceled." in (step.message or "") for step in receipt.history if step.summary == "note")


def test_a_mail_about_a_settled_case_changes_and_adds_nothing(path: Path) -> None:
    with opened(path) as desk:
        case = asked(desk)
        desk.cases.reject(case.id, by="Ben")
        before = desk.ledger.history(case.id)
        with pytest.raises(InvalidStateError):
            desk.cases.confirm(case.id, by="Ben", email=mail(SENT, "1042"))
        assert desk.ledger.history(case.id) == before


def test_a_mail_needs_the_connection_that_knows_the_secrets_and_a_word_does_not(path: Path) -> None:
    with opened(path) as desk:
        case = asked(desk)
    with opened(path, connections=()) as desk:
        with pytest.raises(NotFoundError):
            desk.cases.confirm(case.id, by="Ben", email=mail(SENT))
        assert desk.cases.confirm(case.id, by="Ben").state is State.CANCELED
