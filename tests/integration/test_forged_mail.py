"""No text of an order, a reason or a person puts an encoded word into a mail or a draft, sent through a desk."""

from __future__ import annotations

import email
from email.policy import SMTP
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from attrs import evolve

from orderdesk_devkit.testing.plugin_under_test import sample_order
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.clock import VirtualClock
from tests.support.email_child import EMAIL_ONLY, open_email_desk

if TYPE_CHECKING:
    from tests.conftest import MailServer

FORGED = "=?utf-8?q?1042=0D=0ABcc=3A_x=40y.example=0D=0A=0D=0AHello?="
CHANGED = {"subject": "Cancel {order_number} ={reason}", "body": "{order_number}\r\nfor {requested_by}: {reason}"}


@pytest.mark.parametrize("mode", ["send", "draft", None])
def test_no_encoded_word_survives_in_a_mail_or_a_draft(
    tmp_path: Path, clock: VirtualClock, mail_server: MailServer, mode: str | None
) -> None:
    mail = mail_server.config(mode=mode) if mode else None
    with open_email_desk(tmp_path / "desk.db", clock, mail=mail, changed=CHANGED) as desk:
        desk.orders.import_orders([evolve(sample_order(), id="forged", number=FORGED)], by="a test")
        desk.orders.register("forged", connection=EMAIL_ONLY, by="a test", remote_id="7")
        (case,) = desk.cancel("forged", by=FORGED, reason=FORGED.removeprefix("=")).cases
        assert case.state is State.ACTION_REQUIRED
        told = [entry.content for entry in desk.ledger.history(case.id)]
    texts = [content if isinstance(content, str) else getattr(content, "body", "") for content in told]
    assert any("utf-8" in text for text in texts), "what it says can still be read"
    assert not any("=?" in text or "\r" in text for text in texts)
    assert len(mail_server.texts()) == (mode == "send")
    for sent in mail_server.texts():
        assert "\r\nBcc" not in sent
        assert "=?" not in str(email.message_from_string(sent, policy=SMTP)["Subject"])
