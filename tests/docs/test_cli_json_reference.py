"""docs/reference/cli-json.md: every command has a section, and what it gives has the shape of the example there."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from orderdesk_devkit.cli.sandbox import running
from orderdesk_devkit.sample_orders import SAMPLE_ORDERS
from orderdesk_devkit.simulators.fault_injection import Fault
from orderdesk_sdk.cli.group import all_sections, orderdesk
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.desk.health import HealthCode
from tests.support.event_receiver import receiving

REFERENCE = Path(__file__).resolve().parent.parent.parent / "docs" / "reference" / "cli-json.md"
COMMANDS = [
    name
    for commands in all_sections().values()
    for command in commands
    for name in (
        [f"{command.name} {each}" for each in command.commands]
        if isinstance(command, click.Group)
        else [command.name or ""]
    )
]
GROUPS = {
    command.name for commands in all_sections().values() for command in commands if isinstance(command, click.Group)
}
RULE = """
[[rules]]
name = "Canceled folder cancels at BDLinx"
event = "order moved"
when = "folder == 'Canceled'"
do = [{ action = "Cancel Order at BDLinx", reason = "customer asked" }]
"""
WEB = """
[web]
message_secret = { env = "ORDERDESK_SECRETS_KEY" }
"""
STORED_CONNECTIONS = """
[stored_connections]
key = { env = "ORDERDESK_SECRETS_KEY" }
"""
EVENT_WEBHOOKS = """
[event_webhooks]
key = { env = "ORDERDESK_SECRETS_KEY" }
"""
ELSEWHERE = {
    "answer": "plugins/commercehub/tests/test_dsco_requests.py reads what it gives: nothing in the sandbox asks us",
    "connections webhook": "how_to/authors/test_register_webhook.py reads what it says; no simulator has it",
    "eligibility": "how_to/authors/test_eligibility.py reads what it says; no simulator of ours has it",
    "check-plugin": "test_quality.py reads what it gives of a plugin's folder",
    "sandbox": "test_sandbox_script.py reads what it gives, since it ends only when it is told to",
    "serve": "how_to/test_serve.py reads what it says, since it ends only when it is told to",
    "watch": "test_live_store_script.py reads what it gives, since it needs an Order Desk store",
    "users set-password": "test_access_commands.py reads what it gives, since it needs a password",
    "messages retry": "test_messages_command.py reads what it gives, since it needs a message that failed",
    "ledger accept": "test_ledger_commands.py reads what it gives, since it needs a ledger that is not whole",
    "ledger rebuild-queue": "test_procrastinate_traps.py reads what it gives, since it needs a PostgreSQL server",
}


def documented() -> dict[str, Any]:
    """The examples, by the command or word in the section's heading."""
    text = REFERENCE.read_text(encoding="utf-8")
    found = re.findall(r"^## `?(?:orderdesk )?([a-z -]+?)`?\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    blocks = {name: re.search(r"^```json\n(.*?)^```", body, re.MULTILINE | re.DOTALL) for name, body in found}
    return {name: json.loads(block[1]) for name, block in blocks.items() if block}


def given(clock: VirtualClock) -> dict[str, Any]:
    """What each command gives, in the present folder."""
    gave: dict[str, Any] = {}

    def ask(*arguments: str, code: int = 0, given: str | None = None) -> Any:
        ran = CliRunner().invoke(orderdesk, [*arguments, "--json"], input=given)
        assert ran.exit_code == code, ran.output
        words = arguments[:2] if arguments[0] in GROUPS else arguments[:1]
        made = json.loads(ran.stdout)
        gave["errors" if code == 1 else " ".join(words)] = made
        return made

    Path("orders.json").write_text(SAMPLE_ORDERS, encoding="utf-8")
    with running(Path("orderdesk.toml"), clock, port=0) as simulators:
        ask("demo")
        ask("doctor")
        ask("integrations", "--check")
        ask("matrix")
        ask("show", "amazon-mcf")
        ask("plugins", "disable", "amazon-mcf")
        ask("plugins", "enable", "amazon-mcf")
        ask("plugins", "list")
        ask("import", "orders.json")
        for number in ("1044", "1043", "1042"):
            ask("register", number, "--at", "amazon-mcf")
        ask("orders", "--limit", "1")
        ask("withdraw", ask("cancel", "1043", "--by", "Ann", "--no-send")["cases"][0]["id"], "--by", "Ann")
        simulators["amazon-mcf"][0].faults.add(Fault.LOST_RESPONSE, method="PUT")
        ask("retry", ask("cancel", "1044", "--by", "Ann")["cases"][0]["id"], "--by", "Ben")
        ask("reject", gave["retry"]["case"]["id"], "--by", "Ben", "--note", "Sue at the warehouse, by phone")
        ask("confirm", ask("cancel", "1043", "--by", "Ann")["cases"][0]["id"], "--by", "Ben")
        ask("poll", ask("cancel", "1042", "--by", "Ann", "--reason", "customer asked")["cases"][0]["id"])
        take_notification(ask)
        ask("work", "--until-idle")
        ask("cases", "1042")
        ask("receipt", "1042")
        ask("events", "1042", "--after", "0")
        Path("bulk.csv").write_text("1042\n", encoding="utf-8")
        ran = CliRunner().invoke(orderdesk, ["cancel", "--from", "bulk.csv", "--by", "Ann", "--no-send", "--json"])
        ask("bulk", json.loads(ran.stdout)["bulk"])
        ask("resubmit", "1042", "--by", "Ann")
        ask("plan", "1046", code=1)
        with Path("orderdesk.toml").open("a", encoding="utf-8") as config:
            config.write(RULE + STORED_CONNECTIONS + WEB + EVENT_WEBHOOKS)
        make_connection(ask)
        ask("register", "1045", "--at", "bdlinx")
        ask("messages", "paths")
        ask("rules", "list")
        try_a_rule(ask)
        ask("rules", "test", "1045", "--event", "order moved", "--folder", "Canceled")
        ask("claim-number", "1045", "--by", "Ann")
        ask("move", "1045", "Canceled")
        ask("rules", "log", "1045")
        ask("register", "1044", "--at", "shopify")
        ask("set-status", "1044", "archived", "--by", "Ann")
        ask("report-canceled", "1044", "--at", "shopify", "--by", "Ann")
        ask("cancel", "1044", "--by", "Ann", "--reason", "customer asked", "--no-send")
        ask("withdraw", "1044", "--by", "Ann")
        ask("report-shipped", "1042", "--by", "Ben", "--note", "1Z999 at the dock", code=3)
        ask("inbox", code=3)
        ask("mark-seen", "1042@amazon-mcf", "--by", "Ben", "--note", "the parcel was called back")
        ask("register", "1045", "--at", "commercehub")
        ask("plan", "1045")
        ask("new", "my-3pl", "--title", "My 3PL")
        take_users(ask)
        ask("ledger", "verify")
        ask("ledger", "backup", "backup.db")
        ask("ledger", "restore", "backup.db")
        ask("ledger", "archive", "--older-than", "0d", "--to", "old.jsonl", "--by", "Ann")
        ask("forget", "1043", "--by", "Ann")
        ask("ledger", "forget", "old.jsonl", "--by", "Ann")
        ask("ledger", "migrate")
        take_events(ask)
        ask("ledger", "copy", "--to", "sqlite:///copy.db")
    return gave


def take_users(ask: Callable[..., Any]) -> None:
    """Let people and a program in, and out again."""
    ask("users", "add", "Ann", "--role", "admin", "--link", "--identity", "ann@shop.example", "--by", "Ann")
    ask("users", "add", "Bob", "--role", "viewer", "--identity", "bob@shop.example", "--by", "Ann")
    ask("users", "set-role", "Bob", "operator", "--by", "Ann")
    ask("users", "set-identity", "Bob", "b@shop.example", "--by", "Ann")
    ask("users", "sign-in-link", "Bob", "--by", "Ann")
    ask("users", "disable", "Bob", "--by", "Ann")
    ask("users", "enable", "Bob", "--by", "Ann")
    ask("users", "forget", "Bob", "--by", "Ann")
    ask("users", "list")
    ask("tokens", "create", "erp", "--role", "operator", "--at", "amazon-mcf", "--by", "Ann")
    ask("tokens", "list")
    ask("tokens", "revoke", "erp", "--by", "Ann")
    ask("audit", "--verify")


def take_events(ask: Callable[..., Any]) -> None:
    """Let an endpoint hear of a cancel, and send it again."""
    with receiving() as receiver:
        made = ask("webhooks", "add", receiver.url, "--event", "requested", "--at", "bdlinx", "--by", "Ann")
        endpoint = made["endpoint"]["id"]
        ask("webhooks", "test", endpoint)
        for command in ("register 1044 --at bdlinx", "cancel 1044 --by Ann --at bdlinx --no-send", "work --until-idle"):
            assert CliRunner().invoke(orderdesk, command.split()).exit_code in (0, 3)
        (delivery,) = ask("webhooks", "deliveries", endpoint)["deliveries"]
        ask("webhooks", "redeliver", endpoint, str(delivery["sequence"]), "--by", "Ann")
        ask("webhooks", "rotate", endpoint, "--by", "Ann")
        ask("webhooks", "disable", endpoint, "--by", "Ann")
        ask("webhooks", "list")
        ask("webhooks", "enable", endpoint, "--by", "Ann")


def try_a_rule(ask: Callable[..., Any]) -> None:
    """Store a rule, try it, switch it on and off again, and remove it."""
    name, rule = (
        "Cancel in the folder",
        """event = "order moved"\nwhen = "folder == 'On hold'"\ndo = ["Cancel Order"]\n""",
    )
    ask("rules", "save", name, "-", "--by", "Ann", given=rule)
    ask("rules", "dry-run", name, "1045", "--folder", "Canceled", "--by", "Ann")
    ask("rules", "enable", name, "--by", "Ann")
    ask("rules", "disable", name, "--by", "Ann")
    ask("rules", "delete", name, "--by", "Ann")
    ask("rules", "history", name)


def make_connection(ask: Callable[..., Any]) -> None:
    """Make a second connection to the simulator of Amazon MCF, and change it."""
    known = tomllib.loads(Path("orderdesk.toml").read_text(encoding="utf-8"))["connections"]["amazon-mcf"]["settings"]
    secrets = json.dumps({name: value["text"] for name, value in known.items() if isinstance(value, dict)})
    urls = [f"--set={name}={known[name]}" for name in ("endpoint", "token_url")]
    ask("connections", "form", "amazon-mcf")
    ask("connections", "add", "mcf-uk", "amazon-mcf", *urls, "--secrets-stdin", "--by", "Ann", given=secrets)
    ask("connections", "set", "mcf-uk", "--set", "speed=Expedited", "--by", "Ann")
    ask("connections", "test", "mcf-uk")
    ask("connections", "disable", "mcf-uk", "--by", "Ann")
    ask("connections", "enable", "mcf-uk", "--by", "Ann")
    ask("connections", "show", "mcf-uk")
    ask("connections", "list")
    ask("connections", "rotate-key", "--by", "Ann")
    ask("connections", "disable", "mcf-uk", "--by", "Ann")


def take_notification(ask: Callable[..., Any]) -> None:
    """Take a message about order 1042 out of a file, and list it."""
    content = {"SellerFulfillmentOrderId": "1042", "EventType": "Order", "FulfillmentOrderStatus": "Cancelled"}
    notification = {
        "NotificationType": "FULFILLMENT_ORDER_STATUS",
        "Payload": {"FulfillmentOrderStatusNotification": content},
        "NotificationMetadata": {"NotificationId": "d0e9e693"},
    }
    Path("inbox").mkdir()
    Path("inbox/1.json").write_text(json.dumps({"Body": json.dumps(notification)}), encoding="utf-8")
    taken = ask("messages", "take", "inbox", "--at", "amazon-mcf")
    ask("messages", "list")
    ask("messages", "show", taken["messages"][0]["stored"][0])


def differences(example: Any, real: Any, at: str = "$") -> list[str]:
    """Where two documents differ in shape. null agrees with everything, an empty list with every list."""
    if example is None or real is None:
        return []
    if isinstance(example, dict) and isinstance(real, dict):
        stray = [f"{at}.{key}" for key in sorted(set(example) ^ set(real))]
        both = [key for key in example if key in real]
        return stray + [each for key in both for each in differences(example[key], real[key], f"{at}.{key}")]
    if isinstance(example, list) and isinstance(real, list):
        return differences(example[0], real[0], f"{at}[0]") if example and real else []
    kinds = {type(value) if type(value) is not int else float for value in (example, real)}
    return [] if len(kinds) == 1 else [f"{at}: {sorted(kind.__name__ for kind in kinds)}"]


@pytest.fixture(scope="module")
def gave(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("shop"))
        patch.setenv("ORDERDESK_SECRETS_KEY", "a-key-of-thirty-two-characters-or-more")
        return given(VirtualClock())


def test_every_code_of_a_check_is_explained() -> None:
    codes = re.findall(r"^\| `([a-z-]+)` \|", REFERENCE.read_text(encoding="utf-8"), re.MULTILINE)
    assert codes == [code.value for code in HealthCode]


@pytest.mark.slow
@pytest.mark.parametrize("command", [*COMMANDS, "errors"])
def test_the_reference_shows_what_a_command_gives(gave: dict[str, Any], command: str) -> None:
    examples = documented()
    assert command in examples, f"{REFERENCE} has no section with an example of it"
    if command not in ELSEWHERE:
        assert differences(examples[command], gave[command]) == []


def test_the_reference_has_no_section_of_a_command_that_is_gone() -> None:
    assert set(documented()) == {*COMMANDS, "errors"}


def entries(value: object) -> Iterator[tuple[str, object]]:
    """Every key with its value, at whatever depth; headers are the service's own, a schema's keys its language's."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key, inner
            if key not in ("headers", "settings_schema"):
                yield from entries(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from entries(inner)


def test_keys_are_snake_case_and_times_are_utc(gave: dict[str, Any]) -> None:
    found = [entry for shape in gave.values() for entry in entries(shape)]
    assert [key for key, _ in found if not re.fullmatch(r"[a-z]+(_[a-z]+)*", key)] == []
    times = [str(value) for key, value in found if (key == "at" or key.endswith("_at")) and value is not None]
    assert len(times) > 20
    assert [moment for moment in times if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", moment)] == []
