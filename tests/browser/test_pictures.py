"""The pictures of the console in the docs: each can be made, is small, and is one that a page shows.

`python3 tools/dev.py record console` writes them to docs/_static/console/; look at each before it is committed.
"""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal, cast

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, StorageState

from orderdesk_devkit.cli.demo_shop.shop import DEMO_NOW
from orderdesk_sdk import ConnectionChange, Desk, Secret
from orderdesk_sdk.cases.access import Role
from orderdesk_sdk.cases.audit import AuditAction, order_subject
from orderdesk_sdk.clock import SystemClock, hours
from tests.support.console import Console, open_console
from tests.support.console_pages import CONSOLE_PAGES, DESK, PHONE, ConsolePage

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "_static" / "console"
WRITE = "ORDERDESK_PICTURES"
"""The environment variable with which the pictures are written."""
MAX_BYTES = 150_000
PICTURED = [page for page in CONSOLE_PAGES if page.is_pictured]
LOOKS: Mapping[str, tuple[Mapping[str, int], Literal["light", "dark"]]] = {
    "light": (DESK, "light"),
    "dark": (DESK, "dark"),
    "phone": (PHONE, "light"),
}
"""Size and theme by the end of a picture's name."""


@pytest.fixture(scope="module")
def pictured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """The shop at a moment that is always the same, also by the machine's clock, which sessions go by."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SystemClock, "now", lambda _: DEMO_NOW)
        with open_console(tmp_path_factory.mktemp("console"), works=False) as opened:
            yield opened


@pytest.fixture(scope="module")
def signed_in(pictured: Console, browser: Browser) -> StorageState:
    """The session of ada, who signed in once, and did then what the audit log tells."""
    context = browser.new_context()
    pictured.sign_in(context, "ada")
    state = context.storage_state()
    context.close()
    desk, ends = pictured.shop.desk, DEMO_NOW + hours(24 * 90)
    _decide(desk)
    at = ("amazon-mcf", "lulu")
    desk.access.api_tokens.create("erp", role=Role.OPERATOR, connections=at, expires_at=ends, by="ada")
    names = ("refresh_token", "client_id", "client_secret")
    change = ConnectionChange(
        name="mcf-uk",
        integration="amazon-mcf",
        settings={"speed": "Expedited"},
        secrets={name: Secret("not a real one") for name in names},
    )
    desk.connection_admin.save(change, by="ada", address="127.0.0.1")
    return state


def _decide(desk: Desk) -> None:
    """What sue and otto did, written down as the console does it."""
    desk.receipt_links.create("1050", by="sue")
    (lost,) = desk.cases.list(order="1051")
    desk.cases.add_note(lost.id, "Kim looks it up", by="sue")
    desk.audit.record("sue", AuditAction.NOTE_ADDED, order_subject("71051"), f"case {lost.id}", "10.0.0.12")
    desk.cancel("1058", by="otto", reason="customer asked", send_now=False)
    desk.audit.record("otto", AuditAction.CANCEL_REQUESTED, order_subject("71058"), "customer asked", "10.0.0.17")
    desk.cancellations.withdraw("1058", by="otto")
    desk.audit.record("otto", AuditAction.WITHDRAWN, order_subject("71058"), "", "10.0.0.17")


@pytest.mark.parametrize("page", PICTURED, ids=lambda page: page.name)
def test_pictures_of_each_page_can_be_made(
    page: ConsolePage, pictured: Console, signed_in: StorageState, browser: Browser
) -> None:
    assert page.who in ("ada", ""), "each further sign-in would stand in the picture of the audit log"
    session = signed_in if page.who else None
    context = browser.new_context(timezone_id="UTC", locale="en-US", storage_state=session)
    opened = context.new_page()
    opened.clock.set_fixed_time(DEMO_NOW)
    opened.goto(pictured.url + page.path(pictured))
    page.press(opened)
    taken = {look: picture(context, opened, size, scheme) for look, (size, scheme) in LOOKS.items()}
    context.close()
    for look, content in taken.items():
        assert content[8:12] == b"WEBP"
        assert len(content) < MAX_BYTES
        if os.environ.get(WRITE):
            FOLDER.mkdir(parents=True, exist_ok=True)
            (FOLDER / f"{page.name}-{look}.webp").write_bytes(content)


def picture(context: BrowserContext, opened: Page, size: Mapping[str, int], scheme: Literal["light", "dark"]) -> bytes:
    """What a person sees of a page before scrolling, as WebP, which Playwright's own screenshots are not."""
    opened.set_viewport_size({"width": size["width"], "height": size["height"]})
    opened.emulate_media(color_scheme=scheme)
    shot = context.new_cdp_session(opened).send("Page.captureScreenshot", {"format": "webp", "quality": 82})
    return base64.b64decode(cast(str, shot["data"]))


def test_every_picture_is_one_of_these_and_a_page_shows_it() -> None:
    kept = {path.name for path in FOLDER.iterdir()}
    assert kept == {f"{page.name}-{look}.webp" for page in PICTURED for look in LOOKS}
    page = (ROOT / "docs" / "how-to" / "console.md").read_text(encoding="utf-8")
    shown = set(re.findall(r"_static/console/([a-z-]+\.webp)", page))
    assert shown == kept
    assert all((FOLDER / name).stat().st_size < MAX_BYTES for name in kept)
