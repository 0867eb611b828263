"""docs/how-to/answer-links.md is run as it stands: a page that asks once more, at a desk whose mail has arrived."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from fastapi import FastAPI

from orderdesk_devkit.simulators.server import serve
from orderdesk_devkit.testing.plugin_under_test import sample_order
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.desk.config import read_config
from orderdesk_sdk.desk.desk import Desk
from tests.support.email_child import EMAIL_ONLY, open_email_desk

if TYPE_CHECKING:
    from tests.conftest import MailServer
    from tests.docs.how_to.conftest import Pages

PAGE = "answer-links.md"
ORDER = sample_order()


@pytest.fixture
def desk(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    mail_server: MailServer,
    page_blocks: Pages,
    clock: VirtualClock,
) -> Iterator[Desk]:
    """A desk with the page's links, whose mail has gone out."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANSWER_LINK_SECRET", "s" * 43)
    page_blocks(PAGE, ("toml",))[0].write()
    config = read_config(tmp_path / "orderdesk.toml")
    with open_email_desk(tmp_path / "desk.db", clock, mail=mail_server.config(), links=config.answer_links) as opened:
        opened.orders.import_orders([ORDER], by="a test")
        opened.orders.register(ORDER.number, connection=EMAIL_ONLY, by="a test")
        opened.cancel(ORDER.number, by="Ann")
        yield opened


@pytest.fixture
def client(desk: Desk, page_blocks: Pages) -> Iterator[httpx.Client]:
    names: dict[str, Any] = {"__name__": "main"}
    page_blocks(PAGE, ("python",))[0].run(names)
    app = FastAPI()
    names["answer_page"](app, desk)
    with serve(app) as served, httpx.Client(base_url=served.url, timeout=120) as made:
        yield made


def path_of_link(mail_server: MailServer, number: int) -> str:
    lines = mail_server.texts()[0].replace("=\r\n", "").replace("=3D", "=").splitlines()
    links = [line for line in lines if line.startswith("https://desk.lantern.example/")]
    return links[number].removeprefix("https://desk.lantern.example")


def test_the_page_asks_once_more_and_only_its_button_counts(
    client: httpx.Client, desk: Desk, mail_server: MailServer
) -> None:
    path = path_of_link(mail_server, 0)
    for _ in range(3):
        asked = client.get(path)
        assert (asked.status_code, ORDER.number in asked.text) == (200, True)
    (case,) = desk.cases.list()
    assert case.state is State.ACTION_REQUIRED
    assert client.post(path, data={"name": ""}).status_code == 409
    assert client.post(path, data={"name": "x" * 9000}).status_code == 413
    thanked = client.post(path, data={"name": "Bo <b>"})
    assert (thanked.status_code, "Thank you" in thanked.text) == (200, True)
    (case,) = desk.cases.list()
    assert case.state is State.CANCELED
    assert case.evidence is not None
    assert case.evidence.person == "Bo <b>"
    again = client.post(path_of_link(mail_server, 1), data={"name": "Eve"})
    assert (again.status_code, "answered already" in again.text) == (409, True)


def test_an_altered_link_is_not_known(client: httpx.Client, mail_server: MailServer) -> None:
    answer = client.get(path_of_link(mail_server, 0) + "x")
    assert (answer.status_code, "not known" in answer.text) == (404, True)
