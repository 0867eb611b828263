"""What is not installed is told at once, with the line that installs it; the page of extras has what they bring."""

from __future__ import annotations

import re
import sys
from importlib.metadata import packages_distributions, requires
from pathlib import Path

import pytest
from click.testing import CliRunner
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from orderdesk_sdk.cli import extras, group
from orderdesk_sdk.cli.group import orderdesk

PAGE = Path(__file__).resolve().parent.parent.parent.parent / "docs" / "reference" / "installation.md"


def brought_by(extra: str) -> set[str]:
    """The names of what an extra asks for, and what the extras that it includes ask for."""
    asked = [Requirement(one) for one in requires("orderdesk-sdk") or ()]
    return {
        canonicalize_name(one.name)
        for one in asked
        if one.marker is not None and one.marker.evaluate({"extra": extra}) and one.name != "httpx"
    }  # The SDK itself needs httpx.


def rows(page: str) -> dict[str, list[str]]:
    """The rows of the table of the SDK's extras."""
    table = page.partition("| extra of `orderdesk-sdk` |")[2].partition("\n\n")[0]
    return {cells[0].strip(" `"): cells for line in table.splitlines()[2:] if (cells := line.strip("| ").split(" | "))}


@pytest.mark.parametrize("extra", extras.MODULES)
def test_the_modules_of_an_extra_are_those_that_it_brings(extra: str) -> None:
    found = packages_distributions()
    named = {name: {canonicalize_name(one) for one in found[name]} for of in extras.MODULES.values() for name in of}
    asked = brought_by(extra)
    assert [name for name in extras.MODULES[extra] if not named[name] & asked] == []
    assert asked <= set().union(*named.values()), "a module of each, of this extra or of one that it includes"


def test_the_page_has_each_extra_and_what_it_brings() -> None:
    page = PAGE.read_text(encoding="utf-8")
    table = rows(page)
    named = {match[1] for one in requires("orderdesk-sdk") or () if (match := re.search(r"extra == .(\w+).", one))}
    assert set(table) == named | {"none"}
    for extra in sorted(named - {"dev"}):
        written = {one.strip(" `") for one in table[extra][2].split(",")}
        included = written & named
        assert {canonicalize_name(one) for one in written - included}.union(*map(brought_by, included)) == brought_by(
            extra
        )


def says(arguments: list[str]) -> str:
    ran = CliRunner().invoke(orderdesk, arguments)
    assert ran.exit_code == 1, ran.output
    return " ".join(ran.stderr.split())


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_server_names_all_that_its_configuration_needs(empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (empty / "orderdesk.toml").write_text(
        '[ledger]\nurl = "postgresql://nobody@127.0.0.1:1/none"\nengine = "procrastinate"\n'
        '[web]\nurl = "https://desk.example.com"\n'
        '[single_sign_on]\nissuer = "https://login.example.com"\nclient_id = "desk"\n'
        'client_secret = { text = "a client secret" }\n'
        '[[rules]]\nname = "r"\nevent = "order moved"\nwhen = "folder == \'Canceled\'"\ndo = ["Cancel Order"]\n',
        encoding="utf-8",
    )
    for module in ("jinja2", "authlib", "psycopg_pool", "procrastinate", "rule_engine"):
        monkeypatch.setitem(sys.modules, module, None)
    said = says(["serve"])
    assert "this server needs what is not installed: jinja2, authlib, rule_engine, psycopg_pool, procrastinate" in said
    assert "run `pip install 'orderdesk-sdk[web,oidc,rules,postgres,procrastinate]' 'psycopg[binary]'`" in said


def test_a_worker_names_what_its_options_need_too(empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert list(empty.iterdir()) == []
    for module in ("procrastinate", "opentelemetry"):
        monkeypatch.setitem(sys.modules, module, None)
    said = says(["work", "--engine", "procrastinate", "--telemetry"])
    assert "this worker needs what is not installed: procrastinate, opentelemetry" in said
    assert "run `pip install 'orderdesk-sdk[procrastinate,otel]' 'psycopg[binary]'`" in said


def test_nothing_is_asked_for_that_a_configuration_does_not_need(empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert list(empty.iterdir()) == []
    for module in ("rule_engine", "psycopg", "procrastinate", "opentelemetry", "authlib", "jinja2"):
        monkeypatch.setitem(sys.modules, module, None)
    assert "neither a configuration nor a ledger" in says(["work"])


@pytest.mark.parametrize(
    ("command", "extra"),
    [("demo", "demo"), ("sandbox", "demo"), ("new", "authoring"), ("check-plugin", "testing")],
)
def test_a_command_of_the_devkit_says_what_it_comes_with(
    command: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group, "contributed_commands", dict)
    said = says([command, "--anything", "at all"])
    assert f"the command {command} comes with orderdesk-devkit, which is not installed" in said
    assert f"run `pip install 'orderdesk-devkit[{extra}]'`" in said


def test_other_words_are_no_commands_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group, "contributed_commands", dict)
    ran = CliRunner().invoke(orderdesk, ["demonstrate"])
    assert ran.exit_code == 2
    assert "No such command" in ran.stderr
