"""A case that waits for a person, decided in a browser: signed in by password, confirmed by a filed e-mail."""

from __future__ import annotations

import re
import sqlite3
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, expect

from orderdesk_devkit.cli.demo_shop.services import MAIL
from orderdesk_devkit.cli.demo_shop.staff import sign_in_address
from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.transport.email.smtp import message_id
from tests.support.console import PASSWORD, Console

pytestmark = pytest.mark.slow


def waiting_case(console: Console) -> CancelCase:
    """That of 1043, which waits for MWW's answer to an e-mail."""
    (case,) = console.shop.desk.cases.list(order="1043")
    return case


def answer_of_the_service(console: Console, folder: Path) -> Path:
    """MWW's answer, saved as a file."""
    case = waiting_case(console)
    mail = EmailMessage()
    mail["From"] = "MWW Support <support@mww.example>"
    mail["Date"] = format_datetime(console.shop.clock.now())
    mail["Subject"] = f"Re: Please cancel order {case.remote_id}"
    mail["Message-ID"] = "<774@mww.example>"
    mail["In-Reply-To"] = message_id(case.id, case.route, MAIL.sender)
    mail.set_content("We canceled the order. It will not ship.")
    path = folder / "answer.eml"
    path.write_bytes(mail.as_bytes())
    return path


def let_the_sign_in_grow_old(console: Console) -> None:
    """As if everybody had given their password long ago, and been active since."""
    file = console.shop.desk.config.ledger_file
    assert file is not None
    with sqlite3.connect(file) as ledger:
        changed = ledger.execute("UPDATE user_sessions SET stepped_up_at = created_at - 7200000000")
        assert changed.rowcount
    ledger.close()


def test_a_mail_is_confirmed_by_a_person_who_gives_the_password_again(
    console: Console, context: BrowserContext, tmp_path: Path
) -> None:
    console.shop.desk.access.users.set_password("sue", PASSWORD, by="a test")
    page = console.open(context, "/inbox")
    assert page.url.startswith(f"{console.url}/sign-in")
    page.get_by_label("Name").fill("sue")
    page.get_by_label("Password").fill(PASSWORD.reveal())
    page.get_by_role("button", name="Sign in").click()
    let_the_sign_in_grow_old(console)
    page.goto(f"{console.url}/inbox")
    page.get_by_role("link", name=re.compile("1043")).first.click()
    expect(page.get_by_text("Please cancel order 1043").first).to_be_visible()
    expect(page.get_by_label("It is canceled")).to_be_disabled()
    page.get_by_role("link", name="confirm who you are").click()
    page.get_by_label("Password").fill(PASSWORD.reveal())
    page.get_by_role("main").get_by_role("button").first.click()
    page.get_by_label("It is canceled").check()
    page.get_by_label("Their e-mail").set_input_files(answer_of_the_service(console, tmp_path))
    page.get_by_role("button", name="Record it").click()
    expect(page.get_by_role("main")).to_contain_text("canceled")
    case = waiting_case(console)
    assert case.state.value == "canceled"
    receipt = console.shop.desk.cancellations.receipt("1043")
    (kept,) = receipt.cancellations[0].cases
    assert kept.evidence is not None
    assert kept.evidence.email is not None
    assert kept.evidence.email.sender == "MWW Support <support@mww.example>"
    expect(page.locator("#history")).to_contain_text("sue")
    console.watch.require_clean()


def test_an_alarm_stands_on_top_of_the_inbox(console: Console, context: BrowserContext) -> None:
    console.sign_in(context, "sue")
    page = console.open(context, "/inbox")
    rows = page.locator(".work-item")
    expect(rows.first).to_contain_text("1049")
    expect(rows.nth(1)).to_contain_text("1053")  # The one that is overdue.
    console.watch.require_clean()


def test_a_one_time_link_signs_in_once_by_a_press(console: Console, context: BrowserContext) -> None:
    page = console.open(context, sign_in_address(console.shop.desk, "", "vera"))
    address = page.url
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Orders")
    expect(page.get_by_text("vera")).to_be_visible()
    console.watch.require_clean()
    context.clear_cookies()
    console.watch.expected.append("404")
    page.goto(address)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    assert not context.cookies()
