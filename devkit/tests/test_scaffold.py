"""`orderdesk new`: what it writes is green as it is, for every way to cancel and every way to sign."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import httpx
import pytest
from click.testing import CliRunner

from orderdesk_devkit.scaffold.plugin_template import Auth, Cancel, PluginTemplate
from orderdesk_devkit.scaffold.writer import render
from orderdesk_devkit.testing.plugin_under_test import sample_order
from orderdesk_sdk.cli.group import orderdesk
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.orders.order import ConnectionRole, RemoteOrder
from orderdesk_sdk.plugin.answer import Outcome
from orderdesk_sdk.plugin.requests import CancelRequest
from orderdesk_sdk.plugin.service import Service
from tests.support.warm_python import WarmPython

ROOT = Path(__file__).resolve().parent.parent.parent
LONGEST = {"__init__.py": 50, "settings.py": 36, "api.py": 54}
"""Lines of each file that its author begins with."""
NOW = VirtualClock().now()
ORDER = sample_order()
KINDS = [(cancel, auth) for cancel in Cancel if cancel is not Cancel.EMAIL for auth in Auth] + [(Cancel.EMAIL, None)]


def slug(cancel: Cancel, auth: Auth | None) -> str:
    return "-".join(["made", cancel.value, *([auth.value] if auth is not None else [])])


def name_of(kind: tuple[Cancel, Auth | None]) -> str:
    return slug(*kind)


class Runner(Protocol):
    """Runs a program; it must succeed. path: where the packages are that it finds besides the installed ones."""

    def __call__(self, *command: str | Path, at: Path, path: Path | None = None) -> None: ...


@pytest.fixture
def run(warm_python: WarmPython) -> Runner:
    def run(*command: str | Path, at: Path, path: Path | None = None) -> None:
        program, *arguments = command
        found = {"PYTHONPATH": str(path)} if path is not None else {}
        ran = warm_python.run(str(program), *arguments, at=at, environment=found)
        assert ran.code == 0, f"{at}: {ran.output}"

    return run


def written(kind: tuple[Cancel, Auth | None], folder: Path) -> dict[str, Path]:
    """All files of a plugin of a kind but its cassettes, as they are written before those are recorded."""
    files = {}
    for name, text in render(PluginTemplate(slug(*kind), *kind)).items():
        files[name] = folder / name
        files[name].parent.mkdir(parents=True, exist_ok=True)
        files[name].write_text(text, encoding="utf-8")
    return files


def package_of(kind: tuple[Cancel, Auth | None], folder: Path) -> Path:
    """The package that its author begins with."""
    (package,) = {path.parent for name, path in written(kind, folder).items() if name.startswith("src/")}
    return package


@pytest.mark.slow
def test_the_code_is_as_clean_as_ours(tmp_path: Path, run: Runner) -> None:
    config = ROOT / "pyproject.toml"
    outside = "lint.isort.known-third-party = ['orderdesk_sdk']"  # As it is in a repository of its author's own.
    packages = [package_of(kind, tmp_path / "plugins" / slug(*kind)) for kind in KINDS]
    run("ruff", "check", "--no-cache", "--config", config, "--config", outside, "plugins", at=tmp_path)
    run("ruff", "format", "--no-cache", "--check", "--config", config, "plugins", at=tmp_path)
    run("mypy", "--strict", "--config-file", config, "--cache-dir", tmp_path / "cache", *packages, at=tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS, ids=name_of)
def test_each_passes_its_tests_and_the_check(kind: tuple[Cancel, Auth | None], tmp_path: Path, run: Runner) -> None:
    cancel, auth = kind
    name = slug(cancel, auth)
    folder, installed = tmp_path / "plugins" / name, tmp_path / "installed"
    signed = ["--auth", auth.value] if auth is not None else []
    ran = CliRunner().invoke(orderdesk, ["new", name, "--cancel", cancel.value, *signed, "--at", str(folder)])
    assert ran.exit_code == 0, ran.output
    assert f"cd {folder}" in ran.output
    for file, there in written(kind, tmp_path / "written").items():
        assert (folder / file).read_text(encoding="utf-8") == there.read_text(encoding="utf-8")
    options = ("--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--disable-pip-version-check")
    run("pip", "install", *options, "--target", installed, folder, at=tmp_path)
    run("pytest", "-q", "-p", "no:cacheprovider", at=folder, path=installed)
    run("orderdesk_sdk.cli", "check-plugin", folder, at=folder.parent, path=installed)


@pytest.mark.parametrize(
    ("response", "outcome"),
    [
        (httpx.Response(404, json={"error": "no such order"}), Outcome.REJECTED),
        (httpx.Response(404, html="<h1>Not Found</h1>"), Outcome.NOT_PROCESSED),
    ],
    ids=["of the order", "of the path"],
)
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind[1] is not None], ids=name_of)
def test_only_the_services_own_404_refuses(
    tmp_path: Path,
    kind: tuple[Cancel, Auth | None],
    response: httpx.Response,
    outcome: Outcome,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What has no such path is not the service, and its base URL is wrong: nothing is refused for good by it."""
    package = package_of(kind, tmp_path)
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


@pytest.mark.parametrize("kind", KINDS, ids=name_of)
def test_a_beginner_reads_short_files(tmp_path: Path, kind: tuple[Cancel, Auth | None]) -> None:
    files = package_of(kind, tmp_path).glob("*.py")
    lines = {path.name: lines_to_read(path) for path in files}
    own = set(LONGEST) if kind[1] is not None else {"__init__.py", "settings.py"}  # A mail is no call, so no api.py.
    assert set(lines) - {"simulator.py"} == own
    assert {name: count for name, count in lines.items() if count > LONGEST.get(name, count)} == {}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["My_3PL"], "My_3PL"),
        (["amazon-mcf"], "amazon-mcf"),
        (["my-3pl", "--cancel", "email", "--auth", "basic"], "e-mail"),
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
