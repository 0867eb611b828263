"""Capabilities: every integration's document has the shipped shape, and its settings schema judges settings."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from orderdesk_devkit.simulators.simulator import simulators
from orderdesk_devkit.testing.plugin_under_test import sample_order
from orderdesk_sdk.cli.group import orderdesk
from orderdesk_sdk.clock import VirtualClock, hours, minutes
from orderdesk_sdk.desk.capabilities import SCHEMA_FILE, VERSION, capabilities_document
from orderdesk_sdk.desk.matrix import matrix_row
from orderdesk_sdk.plugin.answer import Rejection
from orderdesk_sdk.plugin.cancel_requests import CancelRequests, SilenceMeans
from orderdesk_sdk.plugin.connection_settings import (
    custom,
    read_string_list,
    secret,
    setting,
    settings,
    settings_fields,
    url,
)
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.integration import Integration, Quota, SideEffect, SideEffectSwitch
from orderdesk_sdk.plugin.prior_steps import PriorStep
from orderdesk_sdk.plugin.reasons import FreeText, ReasonCode, ReasonList, StandardReason
from orderdesk_sdk.plugin.registry import PluginRegistry
from orderdesk_sdk.plugin.routes import (
    Batch,
    Button,
    Email,
    FinalResponse,
    Polling,
    Portal,
    Route,
    WhileStatus,
    WithinTime,
)
from orderdesk_sdk.runtime.connection_config import ConnectionConfig
from orderdesk_sdk.runtime.connections import Connections
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.transport.http.limits import HttpLimits

SLUGS = PluginRegistry().slugs()
SIMULATED = sorted(simulators())
PAGE = Path(__file__).resolve().parent.parent.parent.parent / "docs" / "reference" / "capabilities.md"


@settings
class AcmeSettings:
    endpoint: str = url(help="Acme's API", default="https://api.acme.example")
    key: Secret = secret(help="Acme > Account", default=Secret("a-default-of-acme"))
    speed: str = setting(str, help="how fast", choices=("slow", "fast"))
    tries: int = setting(int, help="how often", default=2)
    markets: tuple[str, ...] | None = custom(read_string_list, help="where", default=("US",))


class Acme:
    """Every kind of route, reason and rule that the real ones lack."""

    routes = (
        Button(FinalResponse(), WithinTime(minutes(2)), fallback_on=[Rejection.TOO_LATE], batch=Batch(minutes(1), 20)),
        Button(FinalResponse(), WhileStatus(["On Hold"], closes_at="picking"), reasons=FreeText(max_length=80)),
        Email(to="speed", subject="speed", body="speed", warning="they answer within a day"),
        Portal("call them"),
    )

    def __init__(self, **declared: object) -> None:
        self._declared = declared

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        codes = (ReasonCode("X1", "Anything", frozenset(StandardReason)),)
        listed = Portal("call them", reasons=ReasonList(codes, codes_for=lambda _its, _order: None))
        table: dict[str, Any] = {"cancel": (*self.routes[2:], listed), **self._declared}
        return Integration(slug="acme", title="Acme", settings=AcmeSettings, **table)


def acme(**declared: object) -> dict[str, Any]:
    registry = PluginRegistry()
    registry.register(Acme(**declared), "acme")
    return capabilities_document(registry.load("acme"))


def closed(schema: Any) -> Any:
    """The schema where every object has the keys that are described, and no other."""
    if isinstance(schema, list):
        return [closed(inner) for inner in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: closed(inner) for key, inner in schema.items()}
    if "required" in made and "properties" in made:
        made["additionalProperties"] = False
    return made


@pytest.fixture(scope="module")
def schema() -> Any:
    return json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))


def test_the_schema_is_a_schema_and_names_the_version(schema: Any) -> None:
    Draft202012Validator.check_schema(schema)
    assert schema["properties"]["version"]["const"] == VERSION == 1


@pytest.mark.parametrize("slug", SLUGS)
def test_what_an_integration_can_do_has_the_shape_of_the_schema(schema: Any, slug: str) -> None:
    """To the last key: what the schema does not describe is not there."""
    ran = CliRunner().invoke(orderdesk, ["show", slug, "--json"])
    Draft202012Validator(closed(schema)).validate(json.loads(ran.stdout))


def test_the_schema_refuses_a_document_of_another_shape(schema: Any) -> None:
    assert Draft202012Validator(schema).is_valid(acme())
    for key in schema["required"]:
        assert not Draft202012Validator(schema).is_valid({name: value for name, value in acme().items() if name != key})
    assert not Draft202012Validator(schema).is_valid({**acme(), "version": 2})


def test_every_word_of_the_declaration_is_one_that_the_schema_knows(schema: Any) -> None:
    registry = PluginRegistry()
    registry.register(Acme(), "acme")
    loaded = registry.load("acme")
    loaded = type(loaded)(
        Integration(slug="acme", title="Acme", settings=AcmeSettings, cancel=Acme.routes), loaded.manager, "", ""
    )
    told: Any = capabilities_document(loaded)
    Draft202012Validator(closed(schema)).validate(told)
    assert [route["kind"] for route in told["routes"]] == ["button", "button", "e-mail", "portal"]
    assert told["routes"][0]["window"]["within_seconds"] == 120
    assert told["routes"][0]["batch"] == {"collect_for_seconds": 60, "max_size": 20}
    assert told["routes"][1]["window"]["statuses"] == ["onhold"]
    assert told["routes"][1]["reasons"] == {
        "rule": "free text",
        "required": False,
        "max_length": 80,
        "codes": [],
        "codes_vary": False,
        "read_per_order": False,
    }
    assert [route["warning"] for route in told["routes"]] == [None, None, "they answer within a day", "call them"]


def test_a_closed_list_tells_its_codes_with_the_canonical_reasons() -> None:
    reasons = acme()["routes"][2]["reasons"]
    assert (reasons["rule"], reasons["required"], reasons["codes_vary"]) == ("list", True, True)
    assert reasons["codes"][0]["code"] == "X1"
    assert "out of stock" in reasons["codes"][0]["stands_for"]


def test_a_connection_has_the_routes_of_its_settings_and_says_what_it_lacks() -> None:
    registry = PluginRegistry()
    plugin = Acme(
        routes_for=lambda its: (Portal(f"call them {its.speed}"),),
        unavailable_reason=lambda its: f"{its.speed}: no key",
    )
    registry.register(plugin, "acme")
    before: Any = capabilities_document(registry.load("acme"))
    there: Any = capabilities_document(registry.load("acme"), AcmeSettings(speed="fast"))
    assert (before["routes_vary"], before["unavailable_reason"]) == (True, None)
    assert (there["routes"][0]["warning"], there["unavailable_reason"]) == ("call them fast", "fast: no key")


def test_a_form_is_told_what_it_asks_for_and_no_default_of_a_secret() -> None:
    told = {one["name"]: one for one in acme()["settings"]}
    assert {name: one["type"] for name, one in told.items()} == {
        "endpoint": "text",
        "key": "text",
        "speed": "text",
        "tries": "int",
        "markets": "texts",
    }
    assert told["markets"]["default"] == ["US"]
    assert (told["key"]["secret"], told["key"]["default"]) == (True, None)
    assert "a-default-of-acme" not in json.dumps(acme())


# The settings schema --------------------------------------------------------------------------------------------------


def judge(slug: str) -> Draft202012Validator:
    return Draft202012Validator(capabilities_document(PluginRegistry().load(slug))["settings_schema"])  # type: ignore[arg-type]


def simulated(slug: str) -> dict[str, Any]:
    """The settings of the simulator as a configuration file has them."""
    flat = simulators()[slug].load()(VirtualClock()).settings("http://127.0.0.1:8401")
    fields = {one.name: one for one in settings_fields(PluginRegistry().load(slug).integration.settings)}
    return {name: {"text": value} if fields[name].kind.value == "secret" else value for name, value in flat.items()}


@pytest.mark.parametrize("slug", SIMULATED)
def test_the_settings_of_the_simulator_are_accepted(slug: str) -> None:
    judge(slug).validate(simulated(slug))


@pytest.mark.parametrize("slug", SIMULATED)
def test_every_setting_of_another_kind_is_refused(slug: str) -> None:
    good = simulated(slug)
    for name in good:
        assert not judge(slug).is_valid({**good, name: 1.5}), name
    for one in settings_fields(PluginRegistry().load(slug).integration.settings):
        if one.required:
            assert not judge(slug).is_valid({name: value for name, value in good.items() if name != one.name})
    assert not judge(slug).is_valid({**good, "no_such_setting": "1"})


GOOD: dict[str, Any] = {"speed": "fast"}


@pytest.mark.parametrize(
    "table",
    [
        GOOD,
        {**GOOD, "key": {"env": "ACME_KEY"}},
        {**GOOD, "endpoint": "https://acme.example/v1/"},
        {**GOOD, "endpoint": "https://*.acme.example"},
        {**GOOD, "markets": "US"},
        {**GOOD, "markets": ["US", "CA"], "tries": 3},
    ],
)
def test_good_settings_are_accepted(table: dict[str, Any]) -> None:
    Draft202012Validator(acme()["settings_schema"]).validate(table)


@pytest.mark.parametrize(
    "table",
    [
        {},
        {"speed": "warp"},
        {**GOOD, "key": "the secret itself"},
        {**GOOD, "key": {"env": "ACME_KEY", "text": "both"}},
        {**GOOD, "endpoint": "acme.example"},
        {**GOOD, "endpoint": "https://*"},
        {**GOOD, "endpoint": "http://*.acme.example"},
        {**GOOD, "tries": "2"},
        {**GOOD, "tries": True},
        {**GOOD, "markets": []},
        {**GOOD, "markets": [1]},
    ],
)
def test_wrong_settings_are_refused(table: dict[str, Any]) -> None:
    assert not Draft202012Validator(acme()["settings_schema"]).is_valid(table)


# The page -------------------------------------------------------------------------------------------------------------


def keys(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        yield from schema.get("properties", {})
        for inner in schema.values():
            yield from keys(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from keys(inner)


def test_the_page_tells_every_key(schema: Any) -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert [key for key in keys(schema) if f"`{key}`" not in page] == []


def test_the_program_of_the_page_draws_any_integration_without_knowing_it(capsys: pytest.CaptureFixture[str]) -> None:
    page = PAGE.read_text(encoding="utf-8")
    (program,) = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    (shown,) = re.findall(r"^```text\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    exec(compile(program, str(PAGE), "exec"), {})  # noqa: S102 - it is the page's own example that is tried
    assert capsys.readouterr().out == shown


def test_how_requests_to_cancel_are_answered_is_told(schema: Any) -> None:
    registry = PluginRegistry()
    told: Any = capabilities_document(registry.load("commercehub"))
    Draft202012Validator(closed(schema)).validate(told)
    assert told["cancel_requests"] == {
        "silence": "nothing",
        "deadline_seconds": None,
        "escalate_before_seconds": 14400,
        "listed_every_seconds": 600,
        "by_line": True,
        "accept_by_hand": None,
        "reject_by_hand": "Reject the request in Dsco's portal, or ignore it and ship",
        "folder_setting": None,
    }
    assert matrix_row(registry.load("commercehub")).cancel_requests == (
        "answered, by lines, a person rejects; silence means nothing"
    )


class Wordy(Acme):
    """Makes words of its settings, and takes requests to cancel where it is fast."""

    def reason(self, its: AcmeSettings) -> ReasonCode:
        """The one that it takes."""
        key = its.key.reveal()
        return ReasonCode("ANY", f"any, with {key}", frozenset(StandardReason), note=f"told to {key}")

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        def routes_for(its: AcmeSettings) -> tuple[Route, ...]:
            before = (PriorStep("void the labels", effect=SideEffect.SHIPPING_LABEL),)
            slow = Polling(minutes(5), hours(720), usually_within=hours(2), slowest=hours(4))
            warning = f"asks with {its.key.reveal()}"
            listed = ReasonList((self.reason(its),), codes_for=lambda its, _: (self.reason(its),))
            button = Button(slow, prior=before, warning=warning, reasons=listed)
            return button, Portal(f"log in with {its.key.reveal()}")

        return evolve(
            super().orderdesk_integration(),
            routes_for=routes_for,
            unavailable_reason=lambda its: f"{its.key.reveal()} is not activated",
            side_effects={
                SideEffect.FEE: SideEffectSwitch(per_cancel=True, note=lambda its: f"5 USD, of {its.key.reveal()}")
            },
            cancel_requests=CancelRequests(
                silence=SilenceMeans.ACCEPTED,
                accept_by_hand="do",
                reject_by_hand="do",
                enabled=lambda its: its.speed == "fast",
            ),
            quotas={"cancel": Quota(5)},
        )

    @hookimpl
    def orderdesk_cancel(self, request: object, service: object) -> Iterator[None]:
        yield

    @hookimpl
    def orderdesk_poll(self, request: object, service: object) -> Iterator[None]:
        yield


@pytest.mark.parametrize("speed", ["fast", "slow"])
def test_what_a_plugin_makes_of_settings_is_shown_as_a_connection_has_it_without_its_secrets(
    schema: Any, speed: str
) -> None:
    registry = PluginRegistry()
    registry.register(Wordy(base_url="endpoint"), "acme")
    given = AcmeSettings(speed=speed, key=Secret("s3cret-of-acme"))
    told: Any = capabilities_document(registry.load("acme"), given)
    Draft202012Validator(closed(schema)).validate(told)
    assert "s3cret" not in json.dumps(told)
    assert told["unavailable_reason"] == "[hidden] is not activated"
    assert [route["warning"] for route in told["routes"]] == ["asks with [hidden]", "log in with [hidden]"]
    assert told["side_effects"][0]["note"] == "5 USD, of [hidden]"
    assert (told["cancel_requests"] is None) is (speed == "slow")
    known = ConnectionConfig("acme", "acme", {"speed": speed, "key": {"text": "s3cret-of-acme"}}, "here")
    connections = Connections({"acme": known}, registry, VirtualClock(), HttpLimits(), 5.0)
    with closing(connections):
        described = connections.describe("acme")
    words = [route.warning for route in described.integration.cancel]
    assert words == ["asks with [hidden]", "log in with [hidden]"]
    assert described.integration.side_effects[SideEffect.FEE].note == "5 USD, of [hidden]"
    rule = described.integration.cancel[0].reasons
    assert isinstance(rule, ReasonList)
    assert rule.codes_for is not None
    for reason in (*rule.codes, *(rule.codes_for(given, sample_order()) or ())):
        assert (reason.title, reason.note) == ("any, with [hidden]", "told to [hidden]")
