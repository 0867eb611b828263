"""The page that a one-time link leads to: it shows first, and counts when a person has confirmed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from attrs import frozen

from orderdesk_devkit.testing.plugin_under_test import sample_order
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.clock import VirtualClock, hours
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.runtime.answer_links import AnswerLinkConfig
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.transport.email.config import EmailConfig
from orderdesk_sdk.web.server import serving
from tests.support.email_child import EMAIL_ONLY, open_email_desk

if TYPE_CHECKING:
    from tests.conftest import MailServer

PAGE = "https://desk.example.com/answer"
LINKS = AnswerLinkConfig(page=PAGE, signing_secret=Secret("s" * 32))


@frozen
class Asked:
    """A desk that has sent its e-mail, and the paths of the links in it: canceled, rejected, shipped."""

    desk: Desk
    client: httpx.Client
    paths: tuple[str, ...]

    @property
    def state(self) -> State:
        (case,) = self.desk.cases.list()
        return case.state


@pytest.fixture
def asked(tmp_path: Path, clock: VirtualClock, mail_server: MailServer) -> Iterator[Asked]:
    mail = EmailConfig(sender="shop@example.com", host="127.0.0.1", port=mail_server.port)
    with open_email_desk(tmp_path / "desk.db", clock, mail=mail, links=LINKS) as desk:
        order = sample_order()
        desk.orders.import_orders([order], by="a test")
        desk.orders.register(order.number, connection=EMAIL_ONLY, by="a test")
        desk.cancel(order.number, by="Ann", reason="customer asked")
        (text,) = mail_server.texts()
        links = [line for line in text.replace("=\r\n", "").splitlines() if line.startswith(PAGE)]
        with serving(desk, works=False) as server, httpx.Client(base_url=server.url, trust_env=False) as client:
            yield Asked(desk, client, tuple(link.removeprefix("https://desk.example.com") for link in links))


def test_to_open_a_link_decides_nothing(asked: Asked) -> None:
    pages = [asked.client.get(asked.paths[0]) for _ in range(3)]
    assert [(page.status_code, "canceled" in page.text) for page in pages] == [(200, True)] * 3
    assert asked.state is State.ACTION_REQUIRED


def test_to_confirm_it_settles_the_case_once(asked: Asked) -> None:
    answers = [asked.client.post(asked.paths[0], data={"by": "Mo <b>", "note": "done"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 404]
    assert asked.state is State.CANCELED


def test_a_name_is_asked_for(asked: Asked) -> None:
    answer = asked.client.post(asked.paths[0], data={"by": "  "})
    assert (answer.status_code, "name" in answer.text) == (422, True)
    assert asked.state is State.ACTION_REQUIRED


def test_a_link_that_has_expired_and_one_that_never_was_do_not_count(asked: Asked, clock: VirtualClock) -> None:
    clock.advance(hours(24 * 15))
    for path in (asked.paths[0], "/answer/none", f"{asked.paths[0]}x"):
        assert asked.client.post(path, data={"by": "Mo"}).status_code == 404


def test_a_file_in_place_of_a_field_is_refused(asked: Asked) -> None:
    assert asked.client.post(asked.paths[0], files={"by": ("by", b"x" * 100)}).status_code in (400, 422)
    assert asked.state is State.ACTION_REQUIRED
