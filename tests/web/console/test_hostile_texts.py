"""Texts of orders, services and people are shown as they are, and do nothing on any page."""

from __future__ import annotations

import pytest

from orderdesk_sdk.cases.access import Role
from orderdesk_sdk.orders.order import Address, Order, OrderLine
from orderdesk_sdk.web.console.templating import brief, visible_text
from orderdesk_sdk.web.references import order_ref
from tests.support.html_pages import read_page
from tests.web.conftest import WebShop, WebShopOpener
from tests.web.console.conftest import page_of, press

SCRIPT = "<script>alert(1)</script>"
TURNED = "\u202egpj.exe"
HOSTILE = Order(
    f'id {TURNED} "><b>',
    f"{SCRIPT}{'9' * 150}",
    source_name=TURNED,
    customer=Address(first_name='"><img src=x onerror=alert(1)>', last_name="\U0001f469\u200d\U0001f467 \u05e9\u05dc"),
    lines=(OrderLine(2, code="javascript:alert(1)", name="z" + "\u0301" * 50), OrderLine(1, code="\x00\x1b[2J")),
)
REF = order_ref(HOSTILE.id)


@pytest.fixture
def shop(open_web_shop: WebShopOpener) -> WebShop:
    shop = open_web_shop(orders=(HOSTILE,), at=())
    shop.desk.orders.register(f"id:{HOSTILE.id}", connection="mill", by=SCRIPT, remote_id="77")
    return shop


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("plain", "plain"),
        ("a\u202eb", "a[U+202E]b"),
        ("\u200d", "[U+200D]"),
        ("\U0001f469\u200d\U0001f467", "\U0001f469\u200d\U0001f467"),
        ("\u05e9\u05dc\u05d5\u05dd", "\u05e9\u05dc\u05d5\u05dd"),
        ("a\x00\x1b\x7f", "a[U+0000][U+001B][U+007F]"),
        ("a\r\nb\tc", "a\nb\tc"),
        ("\ud800", "[U+D800]"),
        ("z" + "\u0301" * 50, "z" + "\u0301" * 4),
        ("\ufeffa\u2028", "[U+FEFF]a[U+2028]"),
    ],
)
def test_what_is_not_seen_is_shown_by_its_number(given: str, shown: str) -> None:
    assert visible_text(given) == shown


def test_a_long_text_is_cut() -> None:
    assert brief("9" * 61) == "9" * 59 + "\u2026"
    assert brief("9" * 60) == "9" * 60


def test_no_page_runs_or_is_turned_around_by_a_text(shop: WebShop) -> None:
    with shop.signed_in(Role.ADMIN, "Ann") as ann:
        order = f"/orders/{REF}"
        asked = press(ann, page_of(ann, order), f"{order}/review", words=f"{SCRIPT}{TURNED}")
        assert asked.status_code == 200, asked.text[:500]
        assert press(ann, read_page(asked.text), f"{order}/cancel").status_code == 303
        shop.desk.run_due()
        texts = [asked.text, *(ann.get(path).text for path in ("/", order, f"{order}/live", f"{order}/receipt"))]
    for html in texts:
        page = read_page(html)
        assert all(one.attributes["src"].startswith("/static/console.js?") for one in page.all("script"))
        assert not page.all("img")
        assert not any(name.startswith("on") for one in page.all() for name in one.attributes)
        assert not {"\u202e", "\x00", "\x1b"} & set(html)
        hrefs = [one.attributes["href"] for one in page.all("a") if "href" in one.attributes]
        assert all(href.startswith(("/", "#")) for href in hrefs)
    assert SCRIPT in read_page(texts[2]).one("h1").text, "it is shown as it is"


def test_the_notice_of_a_page_is_one_of_a_closed_list(shop: WebShop) -> None:
    with shop.signed_in(Role.VIEWER, "Ann") as ann:
        page = page_of(ann, "/?notice=<b>You+are+hacked</b>")
        assert not page.all("div", class_="message")
        assert "hacked" not in page.text
        assert page_of(ann, "/?notice=resumed").one("div", class_="message").text == "Recording goes on."
