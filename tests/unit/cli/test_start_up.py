"""What a start may not import: which modules, not how long it takes (that is measured by `bench`)."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

HTTP = ("h11", "httpcore", "httpx", "orderdesk_sdk.transport.http.client")
"""Needed by the first call."""
WORK = tuple(f"orderdesk_sdk.runtime.{name}" for name in ("flow_runner", "handlers.cancellation", "scheduler_parts"))
"""Needed by the first case that is handled."""
RULES = ("rule_engine",)
"""Needed by the first rule that is asked."""
MAIL = ("html.parser", "smtplib", "orderdesk_sdk.transport.email.smtp", "orderdesk_sdk.transport.email.parsing")
"""Needed by the first mail that is sent or filed."""
CONFIG = """
[connections.mcf]
integration = "amazon-mcf"

[connections.mcf.settings]
refresh_token = { text = "not-a-real-token" }
client_id = { text = "not-a-real-id" }
client_secret = { text = "not-a-real-secret" }
marketplace_id = "ATVPDKIKX0DER"

[[rules]]
name = "follows"
event = "order moved"
when = "folder == 'Canceled'"
do = ["Cancel Order"]
"""
ORDER = [{"id": "1", "source_id": "1042", "email": "a@example.com", "order_items": []}]


def imported_by(program: str, modules: tuple[str, ...], folder: Path) -> list[str]:
    """Which of these modules a program brings, run in a new Python."""
    told = f"{program}\nimport sys\nprint([name for name in {modules!r} if name in sys.modules], file=sys.stderr)"
    ran = subprocess.run([sys.executable, "-c", told], check=True, capture_output=True, text=True, cwd=folder)
    shown: list[str] = json.loads(ran.stderr.splitlines()[-1].replace("'", '"'))
    return shown


def command(*arguments: str) -> str:
    return (
        "from orderdesk_sdk.cli.group import orderdesk\n"
        f"assert not orderdesk.main({list(arguments)!r}, standalone_mode=False)"
    )


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A folder with a connection, a rule, and an order at the connection."""
    (tmp_path / "orderdesk.toml").write_text(CONFIG, encoding="utf-8")
    (tmp_path / "orders.json").write_text(json.dumps(ORDER), encoding="utf-8")
    steps = [command("import", "orders.json", "--by", "Ann"), command("register", "1042", "--at", "mcf", "--by", "Ann")]
    for step in steps:
        subprocess.run([sys.executable, "-c", step], check=True, cwd=tmp_path)
    return tmp_path


def test_importing_the_desk_loads_what_opening_one_needs_when_one_is_opened(tmp_path: Path) -> None:
    heavy = (
        *HTTP,
        *RULES,
        *MAIL,
        "click",
        "email",
        "importlib.metadata",
        "rich",
        "sqlite3",
        "orderdesk_sdk.desk.assembly",
    )
    assert imported_by("import orderdesk_sdk.desk.desk", heavy, tmp_path) == []


@pytest.mark.parametrize("arguments", [("plan", "1042"), ("cases",), ("receipt", "1042")])
def test_what_calls_no_service_and_asks_no_rule_loads_neither(shop: Path, arguments: tuple[str, ...]) -> None:
    assert imported_by(command(*arguments), (*HTTP, *RULES, *MAIL, *WORK, "pygments"), shop) == []


def test_a_rule_is_what_loads_the_library_of_filters(shop: Path) -> None:
    program = command("rules", "test", "1042", "--event", "order moved", "--folder", "Canceled")
    assert imported_by(program, (*HTTP, *RULES), shop) == list(RULES)


@pytest.mark.parametrize(
    "plugin", ["orderdesk_amazon_mcf", "orderdesk_mww", "orderdesk_bay_photo", "orderdesk_shopify"]
)
def test_loading_a_plugin_loads_no_http_client(plugin: str, tmp_path: Path) -> None:
    assert imported_by(f"import {plugin}; {plugin}.orderdesk_integration()", HTTP, tmp_path) == []
