"""What the pages of administration show: forms and back, tables without formulas, health with what is wrong first."""

from __future__ import annotations

import csv
import io
import tomllib
from datetime import UTC, datetime

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from orderdesk_sdk.cases.event_webhooks import EventEndpoint
from orderdesk_sdk.cases.events import OrderEventKind
from orderdesk_sdk.cases.workers import ConnectionCondition, WorkerHeartbeat
from orderdesk_sdk.clock import minutes
from orderdesk_sdk.desk.connection_admin.forms import ConnectionForm, FormField, read_texts
from orderdesk_sdk.desk.health import HealthCheck, HealthCode
from orderdesk_sdk.rules.model import CANCEL_ORDER, MOVE_ORDER, ConfiguredAction, Rule
from orderdesk_sdk.rules.reader import read_rules
from orderdesk_sdk.web.console.views.admin.connections import field_texts, make_form
from orderdesk_sdk.web.console.views.admin.health import ConnectionStanding, HealthReadings, make_health
from orderdesk_sdk.web.console.views.admin.rule_form import MAX_ACTIONS, form_of_rule, read_form
from orderdesk_sdk.web.console.views.csv_table import csv_lines, guarded_cell

NOW = datetime(2026, 1, 5, tzinfo=UTC)
TARGETS = {MOVE_ORDER: (), CANCEL_ORDER: ("mww",), "Cancel Order at MWW": ("mww",)}


# Tables


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "\tx", "\r=1", " =1", "\uff1d1", "\n=1"])
def test_no_cell_begins_like_a_formula(text: str) -> None:
    assert guarded_cell(text).startswith("'")


@given(st.lists(st.text(max_size=20), min_size=1, max_size=4))
def test_a_table_is_read_back_as_it_was_but_for_the_guard(cells: list[str]) -> None:
    made = "".join(csv_lines(["head"] * len(cells), [cells]))
    _, row = csv.reader(io.StringIO(made, newline=""), strict=True)
    assert [cell.removeprefix("'") for cell in row] == [cell.replace("\0", "").removeprefix("'") for cell in cells]


# Connections


def field(name: str, type_: str, **given: object) -> FormField:
    made = {"help": "what it is", "is_required": False, "is_secret": False} | given
    return FormField(name=name, type=type_, **made)  # type: ignore[arg-type]  # the fields of a form


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        ("text", "https://x.example"),
        ("int", 5),
        ("bool", True),
        ("texts", ["a", "b"]),
        ("table", {"a": 1, "b c": 'x"\\\n', "d": {"e": [True, "f"]}}),
    ],
)
def test_a_setting_goes_into_its_form_and_comes_back_the_same(type_: str, value: object) -> None:
    form = ConnectionForm("toy", "Toy", (field("one", type_),))
    texts = field_texts({"one": value})
    (shown,) = make_form(form, texts, {}).fields
    assert read_texts(form, {"one": shown.value}) == {"one": value}
    if type_ == "table":
        assert tomllib.loads(shown.value) == value


def test_a_secret_is_never_shown_and_says_since_when_it_is_set() -> None:
    form = ConnectionForm("toy", "Toy", (field("api_key", "text", is_secret=True),))
    (shown,) = make_form(form, {"api_key": "canary"}, {"api_key": NOW}).fields
    assert (shown.value, shown.is_set, shown.label) == ("", True, "API key")
    assert "set on 2026-01-05" in shown.hint


# Rules


def test_a_rule_goes_into_its_form_and_comes_back_the_same() -> None:
    actions = (
        ConfiguredAction(CANCEL_ORDER, "customer asked", connections=("mww", "lulu")),
        ConfiguredAction(MOVE_ORDER, folder="Canceled"),
        ConfiguredAction("Gone", "why"),
    )
    rule = Rule("name", OrderEventKind.ORDER_MOVED, actions, "stored", "folder == 'X'")
    form = form_of_rule(rule, TARGETS)
    assert ("Gone", "Gone (unknown)") in form.choices
    texts = {"name": form.name, "event": form.event, "filter": form.filter}
    for number, one in enumerate(form.actions):
        for name in ("action", "reason", "folder", "connections"):
            texts[f"{name}-{number}"] = getattr(one, name)
    again, draft = read_form(texts, TARGETS, is_new=False)
    assert again.actions == form.actions
    (rule_again,) = read_rules([{**draft.table, "name": draft.name}], "stored", numbered=False)
    assert (rule_again.actions, rule_again.when, rule_again.event) == (rule.actions, rule.when, rule.event)


def test_a_rule_of_more_actions_than_there_is_room_for_is_not_cut_silently() -> None:
    rule = Rule("name", OrderEventKind.ORDER_MOVED, (ConfiguredAction(CANCEL_ORDER),) * (MAX_ACTIONS + 1), "stored")
    assert form_of_rule(rule, TARGETS).is_cut


# Health


def read(**found: object) -> HealthReadings:
    return HealthReadings(open_counts={}, waiting="0", line_count=0, **found)  # type: ignore[arg-type]  # its fields


def test_what_fails_comes_before_what_is_degraded() -> None:
    checks = [
        HealthCheck.ok(HealthCode.LEDGER, "-", "fine"),
        HealthCheck.degraded(HealthCode.BUCKET_EMPTY, "mww", "slow", "wait"),
        HealthCheck.failing(HealthCode.CONNECTION, "mww", "broken", "mend it"),
    ]
    standings = [ConnectionStanding("mww", "mww", "broken"), ConnectionStanding("lulu", "lulu", None)]
    page = make_health(read(checks=checks, connections=standings), NOW)
    assert [check.message for check in page.troubles] == ["broken", "slow"]
    assert (page.tone, len(page.checks)) == ("bad", 3)
    assert [figure.value for figure in page.figures if figure.label == "Connections in use"] == ["1 of 2"]


def test_a_worker_is_held_up_where_a_thread_hangs_or_a_bucket_is_empty() -> None:
    connections = {
        "fine": ConnectionCondition(last_done_at=NOW),
        "hangs": ConnectionCondition(has_stuck_threads=True),
        "paced": ConnectionCondition(deferred_until=NOW + minutes(2)),
        "was paced": ConnectionCondition(deferred_until=NOW - minutes(2)),
    }
    worker = WorkerHeartbeat("w", "host", 7, NOW, NOW, connections)
    (row,) = make_health(read(workers=[worker]), NOW).workers
    assert row.held_up == (
        "hangs: a thread was held for too long, and hangs; paced: the rate limit is used up, until 00:02:00 UTC"
    )


def test_of_an_endpoint_the_host_is_shown_and_no_path() -> None:
    endpoint = EventEndpoint(
        id="e1",
        url="https://hooks.example/T0/secret-path",
        types=(),
        connections=("mww",),
        sealed="",
        cursor=0,
        created_by="Ann",
        created_at=NOW,
    )
    (row,) = make_health(read(endpoints=[endpoint]), NOW).endpoints
    assert (row.host, row.what, row.trouble) == ("hooks.example", "everything at mww", None)
    disabled = evolve(endpoint, disabled_reason="disabled by Ann")
    (row,) = make_health(read(endpoints=[disabled]), NOW).endpoints
    assert row.trouble == "disabled by Ann"
