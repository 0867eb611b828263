"""`orderdesk new`: what it writes is green as it is, for every kind of service."""

from __future__ import annotations

import ast
import importlib
import os
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Protocol

import httpx
import pytest
from attrs import frozen
from click.testing import CliRunner

from orderdesk_devkit.scaffold.plugin_template import Api, Auth, Cancel, PluginTemplate
from orderdesk_devkit.scaffold.writer import install_metadata, render
from orderdesk_devkit.testing.plugin_under_test import sample_order
from orderdesk_sdk.cli.group import orderdesk
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.orders.order import ConnectionRole, RemoteOrder
from orderdesk_sdk.plugin.answer import Outcome
from orderdesk_sdk.plugin.requests import CancelRequest
from orderdesk_sdk.plugin.service import Service
from tests.support.warm_python import WarmPython

ROOT = Path(__file__).resolve().parent.parent.parent
LONGEST = {"__init__.py": 55, "settings.py": 38}
LONGEST_API = {Api.REST: 60, Api.GRAPHQL: 80, Api.SOAP: 94}
"""Lines of each file that its author begins with; a webhook is 15 more."""
NOW = VirtualClock().now()
ORDER = sample_order()
TELLING = ("ends_as_declared", "expected", "webhooks", "late_cancel", "each_setting", "declared_operations")
"""The conformance tests that tell what is untested, so that it costs gold; the others run with the first mutant."""

SAMPLE = (
    "idempotency over-declared",
    "status_answer: answer exchanged: answer.canceled",
    "status_answer: answer exchanged: answer.unknown -> answer.canceled",
    "status_answer: rejection exchanged",
    'status_answer: word changed: "packing"',
    "meaning exchanged: NotificationKind.CHANGED",
    'word changed: "x-delivery"',
)
"""Mutants of each made plugin that are tried: one of each kind that only what `orderdesk new` declares in the
conformance test tells from the plugin. All of them take minutes for each kind of plugin."""


@frozen
class Kind:
    """What `orderdesk new` is asked for."""

    cancel: Cancel
    auth: Auth | None = Auth.BEARER
    api: Api | None = Api.REST
    webhook: bool = False

    def __str__(self) -> str:
        kinds = [self.cancel, self.auth, self.api, "hook" if self.webhook else None]
        return "-".join(["made", *(kind[:5].strip("-") for kind in kinds if kind is not None)])

    @property
    def template(self) -> PluginTemplate:
        """The plugin that is to be made."""
        return PluginTemplate(str(self), self.cancel, self.auth, api=self.api, webhook=self.webhook)

    @property
    def options(self) -> tuple[str, ...]:
        """The options of the command."""
        named = {"--cancel": self.cancel, "--auth": self.auth, "--api": self.api}
        given = [text for option, value in named.items() if value is not None for text in (option, value.value)]
        return (*given, *["--webhook"] * self.webhook)


EMAIL = Kind(Cancel.EMAIL, None, None)
CALLED = [cancel for cancel in Cancel if cancel is not Cancel.EMAIL]
CALLING = [
    Kind(cancel, auth, api, webhook)
    for cancel, auth, api, webhook in product(CALLED, Auth, Api, (False, True))
    if cancel is not Cancel.TWO_STEP or api is Api.REST
]
EACH_ONCE = [
    EMAIL,
    Kind(Cancel.FINAL, Auth.BASIC),
    Kind(Cancel.BUTTON, Auth.HMAC, Api.GRAPHQL),
    Kind(Cancel.REASONS, Auth.BEARER, Api.SOAP),
    Kind(Cancel.RULE, Auth.OAUTH2, webhook=True),
    Kind(Cancel.WINDOW_EMAIL, api=Api.GRAPHQL, webhook=True),
    Kind(Cancel.TWO_STEP),
]
"""Each kind of cancel, credentials, language and message at least once."""


class Runner(Protocol):
    """Runs a program; it must succeed.

    path: where the packages are that it finds besides the installed ones. pytest: options of what it runs of that.
    """

    def __call__(self, *command: str | Path, at: Path, path: Path | None = None, pytest: str = "") -> None: ...


@pytest.fixture
def run(warm_python: WarmPython) -> Runner:
    def run(*command: str | Path, at: Path, path: Path | None = None, pytest: str = "") -> None:
        program, *arguments = command
        found = {"PYTEST_ADDOPTS": pytest, **({"PYTHONPATH": str(path)} if path is not None else {})}
        ran = warm_python.run(str(program), *arguments, at=at, environment=found)
        assert ran.code == 0, f"{at}: {ran.output}"

    return run


def written(kind: Kind, folder: Path) -> dict[str, Path]:
    """All files of a plugin of a kind but its cassettes, as they are written before those are recorded."""
    files = {}
    for name, text in render(kind.template).items():
        files[name] = folder / name
        files[name].parent.mkdir(parents=True, exist_ok=True)
        files[name].write_text(text, encoding="utf-8")
    return files


def package_of(kind: Kind, folder: Path) -> Path:
    """The package that its author begins with."""
    (package,) = {path.parent for name, path in written(kind, folder).items() if name.startswith("src/")}
    return package


def test_each_kind_is_run_once() -> None:
    for kinds, named in ((Cancel, "cancel"), (Auth, "auth"), (Api, "api")):
        assert {getattr(kind, named) for kind in EACH_ONCE} >= set(kinds)


@pytest.mark.slow
def test_the_code_of_every_combination_is_as_clean_as_ours(tmp_path: Path, run: Runner) -> None:
    config = ROOT / "pyproject.toml"
    outside = "lint.isort.known-third-party = ['orderdesk_sdk']"  # As it is in a repository of its author's own.
    packages = [package_of(kind, tmp_path / "plugins" / str(kind)) for kind in (EMAIL, *CALLING)]
    assert len(set(packages)) == len(CALLING) + 1
    run("ruff", "check", "--no-cache", "--config", config, "--config", outside, "plugins", at=tmp_path)
    run("ruff", "format", "--no-cache", "--check", "--config", config, "plugins", at=tmp_path)
    run("mypy", "--strict", "--config-file", config, "--cache-dir", tmp_path / "cache", *packages, at=tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("kind", EACH_ONCE, ids=str)
def test_each_passes_its_tests_and_the_check_and_a_mistake_is_found(kind: Kind, tmp_path: Path, run: Runner) -> None:
    folder, installed = tmp_path / "plugins" / str(kind), tmp_path / "installed"
    ran = CliRunner().invoke(orderdesk, ["new", str(kind), *kind.options, "--at", str(folder)])
    assert ran.exit_code == 0, ran.output
    assert f"cd {folder}" in ran.output
    for file, there in written(kind, tmp_path / "written").items():
        assert (folder / file).read_text(encoding="utf-8") == there.read_text(encoding="utf-8")
    install_metadata(kind.template, folder, installed)
    path = Path(f"{folder / 'src'}{os.pathsep}{installed}")
    if kind.api is not None:
        run("pytest", "-q", "-p", "no:cacheprovider", "tests/test_cassettes.py", at=folder, path=path)
    telling = f"-k '{' or '.join(TELLING)}'"
    run("orderdesk_sdk.cli", "check-plugin", folder, "--strict", at=folder.parent, path=path, pytest=telling)
    if kind.api is not None:  # Which runs the conformance suite for the plugin as it is, too.
        sample = [word for text in SAMPLE for word in ("--only", text)]
        run("orderdesk_sdk.cli", "check-plugin", folder, "--mutants", *sample, at=folder.parent, path=path)


@pytest.mark.parametrize(
    ("response", "outcome"),
    [
        (httpx.Response(404, json={"error": "no such order"}), Outcome.REJECTED),
        (httpx.Response(404, html="<h1>Not Found</h1>"), Outcome.NOT_PROCESSED),
    ],
    ids=["of the order", "of the path"],
)
@pytest.mark.parametrize("cancel", [cancel for cancel in CALLED if cancel is not Cancel.TWO_STEP])
def test_only_the_services_own_404_refuses(
    tmp_path: Path,
    cancel: Cancel,
    response: httpx.Response,
    outcome: Outcome,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What has no such path is not the service, and its base URL is wrong: nothing is refused for good by it."""
    package = package_of(Kind(cancel), tmp_path)
    monkeypatch.syspath_prepend(package.parent)
    plugin = importlib.import_module(package.name)
    remote_order = RemoteOrder("made", "1042", NOW, ConnectionRole.FULFILLMENT)
    service = Service("made", None, "https://made.example", NOW, "agent", ConnectionRole.FULFILLMENT)
    flow = plugin.orderdesk_cancel(CancelRequest(ORDER, remote_order, "w1"), service)
    next(flow)
    with pytest.raises(StopIteration) as ended:
        flow.send(response)
    assert ended.value.value.outcome is outcome


def lines_to_read(path: Path) -> int:
    """The lines of a file, where an import counts as one line however many names it lists."""
    text = path.read_text(encoding="utf-8")
    imports = [node for node in ast.parse(text).body if isinstance(node, ast.ImportFrom)]
    return len(text.splitlines()) - sum((node.end_lineno or node.lineno) - node.lineno for node in imports)


@pytest.mark.parametrize("kind", [EMAIL, *(kind for kind in CALLING if kind.auth is Auth.BEARER)], ids=str)
def test_a_beginner_reads_short_files(tmp_path: Path, kind: Kind) -> None:
    files = package_of(kind, tmp_path).glob("*.py")
    lines = {path.name: lines_to_read(path) - 15 * kind.webhook for path in files}
    longest = {**LONGEST, "api.py": LONGEST_API[kind.api]} if kind.api is not None else LONGEST
    assert set(lines) - {"simulator.py"} == set(longest)  # A mail is no call, so no api.py.
    assert {name: count for name, count in lines.items() if count > longest.get(name, count)} == {}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["My_3PL"], "My_3PL"),
        (["amazon-mcf"], "amazon-mcf"),
        (["my-3pl", "--cancel", "email", "--auth", "basic"], "e-mail"),
        (["my-3pl", "--cancel", "email", "--api", "soap", "--webhook"], "so --api and --webhook would mean nothing"),
        (["my-3pl", "--cancel", "two-step", "--api", "graphql"], "two steps are written for REST only"),
        (["my-3pl", "--at", "full"], "full"),
        (["my-3pl", "--title", 'a "b"'], "--title"),
    ],
)
def test_what_cannot_be_written_is_told_with_a_remedy_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: Sequence[str], told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "theirs").write_text("kept", encoding="utf-8")
    ran = CliRunner().invoke(orderdesk, ["new", *arguments])
    assert ran.exit_code == 1, ran.output
    assert told in ran.stderr
    assert "What to do: " in ran.stderr
    assert [path.name for path in tmp_path.rglob("*")] == ["full", "theirs"]


@pytest.mark.parametrize(
    ("slug", "title", "name"),
    [
        ("shipbob", "ShipBob", "ShipBob"),
        ("my-3pl", None, "My3PL"),
        ("acme-ship", "Acme", "AcmeShip"),
        ("bay-photo", "Bay Photo Lab", "BayPhoto"),
        ("3pl-central", None, "The3PLCentral"),
    ],
)
def test_classes_are_named_in_the_titles_capitals(slug: str, title: str | None, name: str) -> None:
    assert PluginTemplate(slug, title=title).name == name
