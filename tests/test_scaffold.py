"""`orderdesk new`: what it writes is green as it is, for every way to cancel and every way to sign."""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from orderdesk_devkit.scaffold.plugin_template import Auth, Blueprint, Cancel
from orderdesk_devkit.testing.plugin_under_test import sample_order
from orderdesk_sdk.cli.group import orderdesk
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.orders.order import Placement, Role
from orderdesk_sdk.plugin.answer import Outcome
from orderdesk_sdk.plugin.requests import CancelRequest
from orderdesk_sdk.plugin.service import Service

ROOT = Path(__file__).resolve().parent.parent
LONGEST = {Cancel.EMAIL: 39, Cancel.BUTTON: 83, Cancel.RULE: 84, Cancel.REASONS: 92, Cancel.WINDOW_EMAIL: 95}
"""Lines of the one file that its author begins with."""
NOW = VirtualClock().now()
ORDER = sample_order()
KINDS = [(cancel, auth) for cancel in Cancel if cancel is not Cancel.EMAIL for auth in Auth] + [(Cancel.EMAIL, None)]


def slug(cancel: Cancel, auth: Auth | None) -> str:
    return "-".join(["made", cancel.value, *([auth.value] if auth is not None else [])])


def run(*command: str | Path, at: Path, path: Path | None = None) -> None:
    """Run a program; it must succeed. path: where the packages are that it finds besides the installed ones."""
    environment = os.environ | ({"PYTHONPATH": str(path)} if path is not None else {})
    ran = subprocess.run(
        [sys.executable, "-m", *map(str, command)], cwd=at, env=environment, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, f"{at}: {ran.stdout}{ran.stderr}"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The folder of a new plugin of every kind, by slug."""
    plugins = tmp_path_factory.mktemp("made") / "plugins"
    plugins.mkdir()
    folders = {slug(*kind): plugins / slug(*kind) for kind in KINDS}
    for (cancel, auth), (name, folder) in zip(KINDS, folders.items(), strict=True):
        signed = ["--auth", auth.value] if auth is not None else []
        ran = CliRunner().invoke(orderdesk, ["new", name, "--cancel", cancel.value, *signed, "--at", str(folder)])
        assert ran.exit_code == 0, ran.output
        assert f"cd {folder}" in ran.output
    return folders


@pytest.fixture(scope="module")
def installed(made: dict[str, Path]) -> Path:
    """Where the plugins are installed, with their entry points."""
    target = next(iter(made.values())).parent.parent / "installed"
    options = ("--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--disable-pip-version-check")
    run("pip", "install", *options, "--target", target, *made.values(), at=target.parent)
    return target


def test_the_code_is_as_clean_as_ours(made: dict[str, Path]) -> None:
    root, config = next(iter(made.values())).parent.parent, ROOT / "pyproject.toml"
    outside = "lint.isort.known-third-party = ['orderdesk_sdk']"  # As it is in a repository of its author's own.
    run("ruff", "check", "--no-cache", "--config", config, "--config", outside, "plugins", at=root)
    run("ruff", "format", "--no-cache", "--check", "--config", config, "plugins", at=root)
    sources = [path for folder in made.values() for path in (folder / "src").iterdir()]
    run("mypy", "--strict", "--config-file", config, "--cache-dir", root / "cache", *sources, at=root)


def test_each_passes_its_tests_and_the_check(made: dict[str, Path], installed: Path) -> None:
    def stands(folder: Path) -> None:
        run("pytest", "-q", "-p", "no:cacheprovider", at=folder, path=installed)
        run("orderdesk_sdk.cli", "check-plugin", folder, at=folder.parent, path=installed)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(stands, made.values()))


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (httpx.Response(404, json={"error": "no such order"}), Outcome.REFUSED),
        (httpx.Response(404, html="<h1>Not Found</h1>"), Outcome.NOT_DONE),
    ],
    ids=["of the order", "of the path"],
)
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind[1] is not None], ids=lambda kind: slug(*kind))
def test_only_the_services_own_404_refuses(
    made: dict[str, Path], kind: tuple[Cancel, Auth | None], reply: httpx.Response, outcome: Outcome
) -> None:
    """What has no such path is not the service, and its base URL is wrong: nothing is refused for good by it."""
    (module,) = (made[slug(*kind)] / "src").glob("*/__init__.py")
    placement = Placement("made", "1042", NOW, Role.FULFILLMENT)
    service = Service("made", None, "https://made.example", NOW, "agent", Role.FULFILLMENT)
    flow = runpy.run_path(str(module))["orderdesk_cancel"](CancelRequest(ORDER, placement, "w1"), service)
    next(flow)
    with pytest.raises(StopIteration) as ended:
        flow.send(reply)
    assert ended.value.value.outcome is outcome


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: slug(*kind))
def test_a_beginner_reads_one_short_file(made: dict[str, Path], kind: tuple[Cancel, Auth | None]) -> None:
    (module,) = (made[slug(*kind)] / "src").glob("*/__init__.py")
    assert len(module.read_text(encoding="utf-8").splitlines()) <= LONGEST[kind[0]]


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
    assert Blueprint(slug, title=title).name == name
