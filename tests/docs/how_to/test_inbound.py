"""docs/how-to/inbound.md is run as it stands: a webhook is heard, polled and followed by a rule."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from orderdesk_sdk import Desk, WebhookRequest
from orderdesk_shopify.simulator import ShopifySimulator

if TYPE_CHECKING:
    from tests.docs.how_to.conftest import Block, Simulators

pytestmark = pytest.mark.slow

PAGE = "inbound.md"
App = Callable[[dict[str, Any], Callable[[str, list[tuple[str, str]]], None]], list[bytes]]


def post(app: App, connection: str, message: WebhookRequest) -> str:
    """What the page's app answers to a message, as a server would give it one."""
    answers: list[str] = []
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": f"/webhooks/{connection}",
        "QUERY_STRING": "",
        "CONTENT_LENGTH": str(len(message.body)),
        "wsgi.input": io.BytesIO(message.body),
        **{f"HTTP_{name.upper().replace('-', '_')}": text for name, text in message.headers.items()},
    }
    app(environ, lambda status, _: answers.append(status))
    (answer,) = answers
    return answer


@pytest.fixture
def names() -> Iterator[dict[str, Any]]:
    """What the page's program defines; its desk is closed at the end."""
    names: dict[str, Any] = {}
    yield names
    if isinstance(desk := names.get("desk"), Desk):
        desk.close()


def test_the_page_works_as_it_is_written(
    sandbox_page: Callable[[str], list[Block]],
    sandbox: Simulators,
    names: dict[str, Any],
    capsys: pytest.CaptureFixture[str],
) -> None:
    shop, _ = sandbox["shopify"]
    assert isinstance(shop, ShopifySimulator)
    shown = ""
    for block in sandbox_page(PAGE):
        match block.language:
            case "toml":
                block.write()
            case "python":
                block.run(names)
            case "sh":
                shown = block.run_shell()
            case _ if not shop.outbox.messages:
                # The story: the buyer cancels in the shop, and the shop sends its webhook.
                shop.cancel_in_admin("1042")
                (message,) = shop.outbox.messages
                assert post(names["webhooks"], "shopify", message) == "200 OK"
                block.check(capsys.readouterr().out)
            case _:
                block.check(shown)
    assert sandbox["amazon-mcf"][0].actual_status("1042") == "Cancelled"
    assert [record.operation for record in shop.log if record.operation == "Cancel"] == []


def test_the_app_of_the_page_answers_what_it_does_not_take_so_that_the_sender_understands(
    sandbox_page: Callable[[str], list[Block]],
    sandbox: Simulators,
    names: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (program,) = [block for block in sandbox_page(PAGE) if block.language == "python"]
    program.run(names)
    shop, _ = sandbox["shopify"]
    assert isinstance(shop, ShopifySimulator)
    shop.add_order("1042", lines=[("MUG", 1)])
    shop.cancel_in_admin("1042")
    (message,) = shop.outbox.messages
    app: App = names["webhooks"]
    forged = WebhookRequest(message.headers, message.body + b" ")
    assert post(app, "shopify", forged) == "401 Unauthorized"
    assert post(app, "amazon-mcf", message) == "401 Unauthorized", "its messages come out of a queue alone"
    assert post(app, "commercehub", message) == "404 Not Found"
    assert post(app, "nowhere", message) == "404 Not Found"

    def full(*_: object) -> None:
        from orderdesk_sdk.errors import StorageError

        raise StorageError("the disk is full")

    monkeypatch.setattr(names["desk"].notifications, "handle_webhook", full)
    assert post(app, "shopify", message) == "500 Internal Server Error"
