"""docs/how-to/messages-in.md is run as it stands: an order is posted, canceled once, and a queue's file is taken."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from orderdesk_sdk import Desk
from orderdesk_sdk.desk.messages.config import MessageConfig
from orderdesk_sdk.plugin.connection_settings import settings_fields
from tests.support.posted_orders import API_KEY, Posted, php_order, posted_order

if TYPE_CHECKING:
    from tests.docs.how_to.conftest import Block, Simulators

pytestmark = pytest.mark.slow

PAGE = "messages-in.md"
App = Callable[[dict[str, Any], Callable[[str, list[tuple[str, str]]], None]], list[bytes]]
DELIVERED = posted_order(php_order("58101"), appointment="9001")


def post(app: App, posted: Posted, path: str = "/messages/cancel") -> str:
    """What the page's app answers to a message, as a server would give it one."""
    answers: list[str] = []
    headers = {f"HTTP_{name.upper().replace('-', '_')}": text for name, text in posted.headers.items()}
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "CONTENT_LENGTH": str(len(posted.body)),
        "CONTENT_TYPE": headers.pop("HTTP_CONTENT_TYPE"),
        "wsgi.input": io.BytesIO(posted.body),
        **headers,
    }
    app(environ, lambda status, _: answers.append(status.partition(" ")[0]))
    (answer,) = answers
    return answer


def write_notification() -> None:
    """What an SQS client left in the folder: Amazon's notification about the order."""
    content = {"SellerFulfillmentOrderId": "1042", "EventType": "Order", "FulfillmentOrderStatus": "Cancelled"}
    sent = {"NotificationType": "FULFILLMENT_ORDER_STATUS", "Payload": {"FulfillmentOrderStatusNotification": content}}
    Path("inbox").mkdir()
    Path("inbox/1.json").write_text(json.dumps({"Body": json.dumps(sent)}), encoding="utf-8")


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """What the page's program defines; its desk is closed at the end."""
    monkeypatch.setenv("ORDERDESK_API_KEY", API_KEY)
    ids = count(1)
    hexes = SimpleNamespace(token_hex=lambda _: f"0c0ffee0000{next(ids)}")
    monkeypatch.setattr("orderdesk_sdk.desk.messages.receiver.secrets", hexes)
    names: dict[str, Any] = {}
    yield names
    if isinstance(desk := names.get("desk"), Desk):
        desk.close()


def test_the_page_works_as_it_is_written(
    sandbox_page: Callable[[str], list[Block]], sandbox: Simulators, names: dict[str, Any]
) -> None:
    shown = ""
    for block in sandbox_page(PAGE):
        match block.language:
            case "toml":
                block.write()
            case "python":
                block.run(names)
            case "sh":
                if "messages take" in block.text:
                    write_notification()
                if block.text.startswith("orderdesk work"):
                    assert [post(names["messages"], DELIVERED) for _ in range(5)] == ["201", *["200"] * 4]
                shown = block.run_shell()
            case _:
                block.check(shown)
    assert sandbox["amazon-mcf"][0].actual_status("1042") == "Cancelled"
    assert Path("inbox/done/1.json").exists()


def test_the_app_of_the_page_answers_so_that_the_sender_understands(
    sandbox_page: Callable[[str], list[Block]], names: dict[str, Any]
) -> None:
    for block in sandbox_page(PAGE)[:2]:
        block.write() if block.language == "toml" else block.run(names)
    app: App = names["messages"]
    assert post(app, posted_order(php_order("58101"), key="guess")) == "401"
    assert post(app, DELIVERED, "/messages/webhook/nobody") == "404"
    assert post(app, DELIVERED, "/elsewhere") == "404"
    assert post(app, Posted(DELIVERED.headers, b"x" * 300_000)) == "413"
    assert post(app, Posted(DELIVERED.headers, b"x")) == "400"


def test_the_page_names_every_limit_with_its_default() -> None:
    text = (Path(__file__).parents[3] / "docs" / "how-to" / PAGE).read_text(encoding="utf-8")
    fields = [field for field in settings_fields(MessageConfig) if field.type is int]
    assert len(fields) > 5
    for field in fields:
        assert f"| `{field.name}` | {field.default} |" in text
