"""Filing a mail as proof: which mails of ours it may answer, and what a case keeps of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from orderdesk_sdk.cases.case import Case, State
from orderdesk_sdk.cases.evidence import ProofKind
from orderdesk_sdk.cases.exchange import Exchange, Intent
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.desk.config import Config
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.errors import ConflictError, InputError, NotFoundError
from orderdesk_sdk.orders.order import Line, Order
from orderdesk_sdk.plugin.connection_settings import host, settings
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.integration import Integration
from orderdesk_sdk.plugin.registry import Registry
from orderdesk_sdk.plugin.routes import Portal
from orderdesk_sdk.runtime.connection_config import ConnectionConfig
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.transport.email.smtp import MailConfig
from tests.support.email_child import POST, PostPlugin

PASSWORD = "a-password-nobody-sees"
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


def opened(path: Path, connections: tuple[str, ...] = ("phone",), post: str = "") -> Desk:
    """A desk; post: the address of a connection that is asked by mail, which waits as a draft."""
    registry = Registry()
    registry.register(Phone(), "phone")
    registry.register(PostPlugin(), POST)
    configured = {name: ConnectionConfig(name, "phone", {}, f"[connections.{name}]") for name in connections}
    if post:
        configured[POST] = ConnectionConfig(POST, POST, {"to": post}, f"[connections.{POST}]")
    config = Config(
        path,
        configured,
        mail=MailConfig(sender="orders@shop.example", mode="draft", username="shop", password=Secret(PASSWORD)),
    )
    return Desk(config, clock=VirtualClock(), registry=registry)


def asked(desk: Desk) -> Case:
    desk.import_orders([Order("id-1042", "1042", lines=(Line(1, code="MUG"),))], by="Ann")
    desk.place("1042", at="phone", by="Ann")
    (case,) = desk.cancel("1042", by="Ann").cases
    return case


def mail(
    answers: str, text: str = "Canceled.", *, sender: str = "a@b.example", day: str = "05 Jan 2026", more: str = ""
) -> bytes:
    head = f"From: {sender}\nDate: {day} 09:20:00 +0000\n{more}"
    return f"{head}In-Reply-To: {answers}\n\n{text}\n".encode()


def refused(desk: Desk, case: Case, message: bytes) -> InputError:
    """Why a mail is no evidence; the case stays as it was."""
    before = desk.case(case.id), desk.ledger.history(case.id)
    with pytest.raises(InputError) as caught:
        desk.confirm(case.id, by="Ben", message=message)
    assert (desk.case(case.id), desk.ledger.history(case.id)) == before
    assert caught.value.place == "the message"
    assert caught.value.remedy
    return caught.value


def test_a_mail_that_was_sent_under_another_sender_is_still_ours(path: Path) -> None:
    with opened(path) as desk:
        case, now = asked(desk), desk.clock.now()
        intent = Intent(1, "mail", "MAIL", "mailto:them@b.example", "00", False, now)
        desk.ledger.append(case, [intent, Exchange(intent, now, headers={"message-id": SENT})], fenced=False)
        proof = desk.case(desk.confirm(case.id, by="Ben", message=mail(SENT)).id).proof
    assert proof is not None
    assert proof.message is not None
    assert proof.message.answers == SENT


def test_a_mail_that_answers_another_case_is_no_evidence_for_this_one(path: Path) -> None:
    with opened(path) as desk:
        case = asked(desk)
        desk.import_orders([Order("id-1043", "1043", lines=(Line(1, code="MUG"),))], by="Ann")
        desk.place("1043", at="phone", by="Ann")
        (other,) = desk.cancel("1043", by="Ann").cases
        theirs, ours = f"<{other.id}.0@before.example>", f"<{case.id}.0@shop.example>"
        error = refused(desk, case, mail(theirs, "1042 is canceled."))
        assert other.id in error.text
        assert "order 1043 at phone" in error.text
        refused(desk, case, mail("<new@b.example>", more=f"References: {ours} {theirs} <x@b.example>\n"))
        proof = desk.case(desk.confirm(case.id, by="Ben", message=mail(ours, more=f"References: {theirs}\n")).id).proof
    assert proof is not None
    assert proof.message is not None
    assert (proof.message.answers, proof.message.case) == (ours, case.id)


def test_an_answer_is_known_by_our_own_id_where_the_provider_gave_the_mail_another(path: Path) -> None:
    with opened(path) as desk:
        case = asked(desk)
        ours = f"<{case.id}.0@shop.example>"
        thread = mail("<rewritten@provider.example>", more=f"References: {ours} <rewritten@provider.example>\n")
        proof = desk.case(desk.confirm(case.id, by="Ben", message=thread).id).proof
    assert proof is not None
    assert proof.message is not None
    assert proof.message.answers == ours


@pytest.mark.parametrize("text", ["Canceled.", "Order 10420 is canceled.", "1042-1 is canceled.", "It is 7-1042."])
def test_a_mail_that_answers_none_of_ours_and_names_no_order_is_no_evidence(path: Path, text: str) -> None:
    with opened(path) as desk:
        assert "does not name 1042" in refused(desk, asked(desk), mail("<else@b.example>", text)).text


def test_a_mail_that_names_the_order_is_evidence_and_says_by_what(path: Path) -> None:
    with opened(path) as desk:
        proof = desk.case(
            desk.confirm(asked(desk).id, by="Ben", message=mail("<else@b.example>", "We canceled #1042.")).id
        ).proof
    assert proof is not None
    assert proof.message is not None
    assert (proof.message.answers, proof.message.case, proof.message.names) == (None, None, "1042")


@pytest.mark.parametrize(
    "sender", ["orders@shop.example", "Shop <ORDERS@SHOP.EXAMPLE>", "Ann <ann@shop.example>", "ann@mail.shop.example."]
)
def test_a_mail_of_our_own_house_is_no_evidence(path: Path, sender: str) -> None:
    with opened(path) as desk:
        case = asked(desk)
        assert "we wrote this mail" in refused(desk, case, mail(SENT, "1042 is canceled", sender=sender)).text
        own = mail("<x@b.example>", "1042", more=f"Message-ID: <{case.id}.0@shop.example>\n")
        assert "we wrote this mail" in refused(desk, case, own).text


@pytest.mark.parametrize(("day", "why"), [("07 Jan 2026", "still to come"), ("02 Jan 2026", "before anybody wished")])
def test_a_mail_of_another_time_is_no_answer_to_this_wish(path: Path, day: str, why: str) -> None:
    with opened(path) as desk:
        assert why in refused(desk, asked(desk), mail("<else@b.example>", "1042 is canceled.", day=day)).text


def test_a_mail_from_where_another_place_is_asked_is_no_evidence_for_this_one(path: Path) -> None:
    with opened(path, post="desk@post.example") as desk:
        desk.import_orders([Order("id-1042", "1042", lines=(Line(1, code="MUG"),))], by="Ann")
        for place in ("phone", "post"):
            desk.place("1042", at=place, by="Ann")
        by_name = {case.connection: case for case in desk.cancel("1042", by="Ann").cases}
        said = mail("<else@b.example>", "1042 is canceled.", sender="Bo <bo@post.example>")
        assert "where post is asked" in refused(desk, by_name["phone"], said).text
        assert desk.case(desk.confirm(by_name["post"].id, by="Ben", message=said).id).state is State.CANCELED


def test_no_password_of_the_mail_server_is_kept_from_a_mail(path: Path) -> None:
    with opened(path) as desk:
        case = asked(desk)
        done = desk.confirm(
            case.id, by="Ben", message=mail(SENT, f"1042 is canceled, {PASSWORD}", sender=f"{PASSWORD} <a@b.example>")
        )
        kept = f"{done}{desk.ledger.history(case.id)}"
    assert "[hidden]" in kept
    assert PASSWORD not in kept


def test_one_mail_does_not_prove_two_services(path: Path) -> None:
    with opened(path, connections=("phone", "other")) as desk:
        case = asked(desk)
        said = mail("<else@b.example>", "1042 is canceled.")
        desk.confirm(case.id, by="Ben", message=said)
        desk.place("1042", at="other", by="Ann")
        (other,) = desk.cancel("1042", by="Ann", at=["other"]).cases
        assert f"case {case.id} at phone" in refused(desk, other, said).text


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
            desk.confirm(case.id, by="Ben", message=mail(SENT, "1042"))
        assert desk.ledger.history(case.id) == before


def test_a_mail_needs_the_connection_that_knows_the_secrets_and_a_word_does_not(path: Path) -> None:
    with opened(path) as desk:
        case = asked(desk)
    with opened(path, connections=()) as desk:
        with pytest.raises(NotFoundError):
            desk.confirm(case.id, by="Ben", message=mail(SENT))
        assert desk.confirm(case.id, by="Ben").state is State.CANCELED
