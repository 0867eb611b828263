"""What tools/dev.py decides: when to make .venv anew, what to advise when pip fails. The set-up itself runs in CI."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from orderdesk_devkit.cli.demo_script import CONNECTIONS, SUBMITTED_LATER

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def dev(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """tools/dev.py, with an empty checkout of its own."""
    spec = importlib.util.spec_from_file_location("dev_tool", ROOT / "tools" / "dev.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    (tmp_path / "pyproject.toml").write_text("[project]\n", encoding="utf-8")
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(module, "CONSTRAINTS", tmp_path / "constraints.txt")
    return module


def working_venv(dev: ModuleType) -> None:
    program: Path = dev.executable(dev.VENV, "python")
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\nexit 0\n", encoding="utf-8")
    program.chmod(0o755)


def add_plugin(dev: ModuleType, name: str) -> Path:
    folder: Path = dev.ROOT / "plugins" / name
    folder.mkdir(parents=True)
    (folder / "pyproject.toml").write_text(f'[project]\nname = "{name}"\n', encoding="utf-8")
    return folder


def test_every_plugin_is_installed_after_the_sdk(dev: ModuleType) -> None:
    zebra, acme = add_plugin(dev, "zebra"), add_plugin(dev, "acme")
    (dev.ROOT / "plugins" / "notes").mkdir()
    projects = [f"{dev.ROOT}[dev]", str(dev.ROOT / "devkit"), str(acme), str(zebra)]
    assert dev.editables("all") == [argument for project in projects for argument in ("-e", project)]


def test_the_demo_installs_its_five_services_and_no_development_tools(dev: ModuleType) -> None:
    add_plugin(dev, "zebra")
    played = {slug.replace("-", "_") for slugs in CONNECTIONS.values() for slug in slugs}
    assert set(dev.DEMO_PLUGINS) == played | {slug.replace("-", "_") for slug in SUBMITTED_LATER}
    plugins = [f"{dev.ROOT / 'plugins' / name}[sandbox]" for name in dev.DEMO_PLUGINS]
    assert dev.editables("demo")[1::2] == [f"{dev.ROOT}[cli,rules]", str(dev.ROOT / "devkit"), *plugins]


def test_the_console_of_the_demo_needs_every_plugin_with_its_simulator_and_no_development_tools(
    dev: ModuleType,
) -> None:
    plugins = [f"{add_plugin(dev, name)}[sandbox]" for name in ("aardvark", "zebra")]
    assert dev.editables("console")[1::2] == [f"{dev.ROOT}[cli,rules,web]", str(dev.ROOT / "devkit"), *plugins]


class Installations:
    """Stands in for pip: keeps what was to be installed."""

    def __init__(self, dev: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
        self.extents: list[str] = []
        monkeypatch.setattr(dev, "install", lambda venv, extent, *options: self.extents.append(extent))
        monkeypatch.setattr(dev, "run", lambda *program, **variables: 0)
        monkeypatch.setattr(dev, "make_venv", lambda venv: working_venv(dev))


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for Python is a shell script")
def test_each_verb_installs_what_it_needs_and_once(dev: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    installations = Installations(dev, monkeypatch)
    for line, extents in (
        ("demo", ["demo"]),
        ("demo", ["demo"]),
        ("demo --serve", ["demo", "console"]),
        ("demo", ["demo", "console"]),
        ("lint", ["demo", "console", "all"]),
        ("test", ["demo", "console", "all"]),
        ("demo --serve", ["demo", "console", "all"]),
    ):
        assert dev.main(line.split()) == 0
        assert installations.extents == extents, line
    dev.CONSTRAINTS.write_text("httpx==0.28.1\n", encoding="utf-8")
    assert dev.main(["demo"]) == 0
    assert installations.extents == ["demo", "console", "all", "all"], "what was installed stays current"


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for Python is a shell script")
@pytest.mark.parametrize("verb", ["test", "lint", "bench", "docs", "record"])
def test_whatever_is_no_demo_needs_everything(dev: ModuleType, monkeypatch: pytest.MonkeyPatch, verb: str) -> None:
    installations = Installations(dev, monkeypatch)
    assert dev.main([verb]) == 0
    assert installations.extents == ["all"]


def test_the_stamp_changes_with_whatever_decides_what_is_installed(dev: ModuleType) -> None:
    seen = [dev.wanted_stamp("all")]
    (dev.ROOT / "pyproject.toml").write_text("[project]\nname = 'other'\n", encoding="utf-8")
    seen.append(dev.wanted_stamp("all"))
    dev.CONSTRAINTS.write_text("httpx==0.28.1\n", encoding="utf-8")
    seen.append(dev.wanted_stamp("all"))
    add_plugin(dev, "acme")
    seen.append(dev.wanted_stamp("all"))
    assert len({stamp["inputs"] for stamp in seen}) == 4
    assert seen[-1] == dev.wanted_stamp("all") != dev.wanted_stamp("demo")


def test_a_missing_environment_is_made(dev: ModuleType) -> None:
    assert dev.rebuild_reason(dev.wanted_stamp("all"), None, unfinished=False) == "making .venv"


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for Python is a shell script")
def test_a_sound_environment_is_kept(dev: ModuleType) -> None:
    working_venv(dev)
    stamp = dev.wanted_stamp("all")
    assert dev.rebuild_reason(stamp, None, unfinished=False) is None
    assert dev.rebuild_reason(stamp, {**stamp, "inputs": "older"}, unfinished=False) is None


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for Python is a shell script")
@pytest.mark.parametrize(("key", "told"), [("root", "made at elsewhere"), ("python", "made with Python elsewhere")])
def test_an_environment_of_another_place_or_python_is_made_anew(dev: ModuleType, key: str, told: str) -> None:
    working_venv(dev)
    stamp = dev.wanted_stamp("all")
    assert told in dev.rebuild_reason(stamp, {**stamp, key: "elsewhere"}, unfinished=False)


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for Python is a shell script")
def test_an_interrupted_set_up_is_made_anew(dev: ModuleType) -> None:
    working_venv(dev)
    assert "interrupted" in dev.rebuild_reason(dev.wanted_stamp("all"), None, unfinished=True)


def test_an_environment_without_python_is_made_anew(dev: ModuleType) -> None:
    dev.VENV.mkdir()
    assert "broken" in dev.rebuild_reason(dev.wanted_stamp("all"), None, unfinished=False)


@pytest.mark.parametrize("written", ["", "not json", "[]"])
def test_an_unreadable_stamp_counts_as_none(dev: ModuleType, written: str) -> None:
    dev.VENV.mkdir()
    (dev.VENV / "dev-stamp.json").write_text(written, encoding="utf-8")
    assert dev.written_stamp() is None


@pytest.mark.parametrize(
    ("said", "advice"),
    [
        ("Failed to establish: [Errno -3] Temporary failure in name resolution", "pip reached no package index"),
        ("OSError: [Errno 28] No space left on device", "make room"),
        ("ERROR: No matching distribution found for httpx==9", "tools/dev.py pin"),
        ("error: subprocess-exited-with-error", "read pip's words"),
    ],
)
def test_a_failed_pip_is_followed_by_a_hint(dev: ModuleType, said: str, advice: str) -> None:
    assert advice in dev.hint_for(said)


@pytest.mark.parametrize(
    ("extra", "arguments"),
    [
        ([], ["-n", "9", "--dist", "worksteal"]),
        (["--fast"], ["-n", "8", "--dist", "worksteal", "-m", "not slow and not crash"]),
        (["-k", "cancel"], ["-k", "cancel"]),
        (["--fast", "tests"], ["tests", "-m", "not slow and not crash"]),
    ],
)
def test_test_uses_every_processor_unless_told_which_tests(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch, extra: list[str], arguments: list[str]
) -> None:
    started: list[tuple[str, ...]] = []

    def run(*program: str, **_variables: str) -> int:
        started.append(program)
        return 0

    monkeypatch.setattr(dev, "run", run)
    monkeypatch.setattr(dev, "processors", lambda: 8)
    assert dev.test(extra) == 0
    assert started == [("python", "-m", "pytest", *arguments)]


def test_tests_write_to_memory_where_there_is_room_and_leave_nothing_there(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TMPDIR", raising=False)
    monkeypatch.setattr(dev, "ROOM", 0)
    with dev.temporary_files() as variables:
        for folder in variables.values():
            assert Path(folder).is_dir()
    assert not any(Path(folder).exists() for folder in variables.values())
    monkeypatch.setattr(dev, "ROOM", 2**62)
    with dev.temporary_files() as variables:
        assert variables == {}
    monkeypatch.setattr(dev, "ROOM", 0)
    monkeypatch.setenv("TMPDIR", "of the person's own")
    with dev.temporary_files() as variables:
        assert variables == {}


def test_lint_runs_every_check_even_after_a_failed_one(dev: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[str] = []

    def run(program: str, *_arguments: str) -> int:
        started.append(program)
        return 1 if program == "ruff" else 0

    monkeypatch.setattr(dev, "run", run)
    assert dev.lint([]) == 1
    assert started == ["ruff", "ruff", "mypy", "lint-imports", "python", "sphinx-build"]
    assert dev.lint(["mypy"]) == 0
    assert dev.lint(["spelling"]) == 2


def test_without_a_verb_it_lists_them(dev: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    assert dev.main([]) == 2
    told = capsys.readouterr().err
    assert "usage: tools/dev.py" in told
    assert all(verb.__doc__ in told for verb in dev.VERBS.values())
