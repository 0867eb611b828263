"""docs/how-to/register-webhook.md is run as it stands; doctor tells each state, and no page shows the address."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from orderdesk_devkit.testing.conformance.webhook_setups import WebhookSetupTests
from orderdesk_sdk import Desk
from orderdesk_sdk.cli.group import orderdesk
from orderdesk_sdk.desk.health import HealthStatus

if TYPE_CHECKING:
    from tests.docs.how_to.authors.conftest import Workshop
    from tests.docs.how_to.conftest import Block

pytestmark = pytest.mark.slow

PAGE = "register-webhook.md"


@pytest.fixture(autouse=True)
def message_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """The secret of the page is in the environment."""
    monkeypatch.setenv("DESK_MESSAGE_SECRET", "a-secret-of-thirty-two-characters-or-more")


def test_the_page_works_as_it_is_written(
    workshop: Workshop, page: list[Block], capsys: pytest.CaptureFixture[str]
) -> None:
    workshop.play(page, capsys)


def test_trying_a_connection_tells_each_state(workshop: Workshop, page: list[Block]) -> None:
    for block in page:
        if block.language == "toml":
            workshop.configure(block)
    with Desk.open() as desk:
        admin = desk.connection_admin
        assert admin.test("my-acme")[-1].message == "no webhook is registered at the service"
        workshop.simulator.__dict__["_webhooks"]["w9"] = "https://elsewhere.example/in/old"
        foreign = admin.test("my-acme")[-1]
        assert (foreign.status, foreign.message) == (
            HealthStatus.DEGRADED,
            "the webhooks that are registered lead to 1 foreign addresses",
        )
        admin.set_webhook("my-acme", registered=True, by="Ann")
        assert admin.test("my-acme")[-1].message == "the webhook is registered, beside 1 of others"
        address = str(workshop.simulator.__dict__["_webhooks"]["w2"])
        assert address.startswith("https://desk.example.com/in/")
        assert address not in repr(desk.audit.list())


def test_doctor_tells_that_the_webhook_is_missing(workshop: Workshop, page: list[Block]) -> None:
    for block in page:
        if block.language == "toml":
            workshop.configure(block)
    ran = CliRunner().invoke(orderdesk, ["doctor"])
    assert "1 degraded" in ran.output
    assert "orderdesk connections webhook my-acme --register" in " ".join(ran.output.split())


def test_the_command_gives_the_document_of_the_reference(workshop: Workshop, page: list[Block]) -> None:
    for block in page:
        if block.language == "toml":
            workshop.configure(block)
    arguments = ["connections", "webhook", "my-acme", "--register", "--by", "Ann", "--json"]
    ran = CliRunner().invoke(orderdesk, arguments)
    assert json.loads(ran.stdout) == {"connection": "my-acme", "webhook": "registered", "others": 0}
    assert CliRunner().invoke(orderdesk, ["connections", "webhook", "my-acme"]).exit_code == 0


@pytest.mark.usefixtures("page")
class TestPluginOfThePage(WebhookSetupTests):
    """What the suite says of webhooks that are registered."""

    integration = "acme-print"
