"""`[plugins] disabled`: read whatever else is wrong, and written without a change of anything else."""

from __future__ import annotations

import stat
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from orderdesk_sdk.desk.config import Config, read_config
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.desk.disabled_plugins import change_disabled_plugins, disabled_plugins_in
from orderdesk_sdk.errors import ConfigurationError, PluginError
from orderdesk_sdk.plugin.registry import PluginRegistry

RULES = '# ours\n[[rules]]  # the first\nname = "plugins"\n'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "orderdesk.toml"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", '[plugins]\ndisabled = ["acme", "my-3pl"]\n'),
        (RULES, RULES + '\n[plugins]\ndisabled = ["acme", "my-3pl"]\n'),
        ("[plugins]\n", '[plugins]\ndisabled = ["acme", "my-3pl"]\n'),
        ("[plugins]  # why\n\n[web]\n", '[plugins]  # why\ndisabled = ["acme", "my-3pl"]\n\n[web]\n'),
        (
            '[plugins]\n# since Monday\ndisabled = [\n  "old",\n]  # all\n' + RULES,
            '[plugins]\n# since Monday\ndisabled = ["acme", "my-3pl"]  # all\n' + RULES,
        ),
        ("[web]\r\n[plugins]\r\ndisabled=[]\r\n", '[web]\r\n[plugins]\r\ndisabled = ["acme", "my-3pl"]\r\n'),
    ],
    ids=["no file", "no table", "an empty table", "a table before another", "a list", "line ends of Windows"],
)
def test_only_the_list_changes(file: Path, before: str, after: str) -> None:
    if before:
        file.write_bytes(before.encode())
        file.chmod(0o640)
    change_disabled_plugins(file, add={"my-3pl", "acme"}, remove={"old"})
    assert file.read_bytes().decode() == after
    assert disabled_plugins_in(file) == {"acme", "my-3pl"}
    assert [path.name for path in file.parent.iterdir()] == ["orderdesk.toml"]
    if before:
        assert stat.S_IMODE(file.stat().st_mode) == 0o640
    change_disabled_plugins(file, remove={"my-3pl", "acme"})
    assert disabled_plugins_in(file) == frozenset()


def test_a_table_that_is_written_in_another_way_is_left_to_a_person(file: Path) -> None:
    text = 'plugins = { disabled = ["old"] }\n'
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as raised:
        change_disabled_plugins(file, add={"acme"})
    assert raised.value.hint == 'write it yourself, below [plugins]: disabled = ["acme", "old"]'
    assert file.read_text(encoding="utf-8") == text
    assert tomllib.loads(text)["plugins"]["disabled"] == ["old"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[plugins", "is not TOML"),
        ("plugins = 3", "plugins must be a table"),
        ("[plugins]\ndisable = []", "disable"),
        ('[plugins]\ndisabled = "acme"', "must be a list of names"),
        ("[plugins]\ndisabled = [3]", "must be a list of names"),
    ],
)
def test_a_list_that_is_none_is_refused(file: Path, text: str, told: str) -> None:
    file.write_text(text, encoding="utf-8")
    for read in (disabled_plugins_in, read_config):
        with pytest.raises(ConfigurationError, match=told.replace("[", r"\[")):
            read(file)


def test_it_is_read_whatever_else_is_wrong_with_the_file(file: Path) -> None:
    file.write_text('[ledgerr]\n[plugins]\ndisabled = ["acme"]\n', encoding="utf-8")
    assert disabled_plugins_in(file) == {"acme"}
    with pytest.raises(ConfigurationError, match="ledgerr"):
        read_config(file)


def test_a_desk_imports_no_plugin_that_its_configuration_disables(tmp_path: Path) -> None:
    registry = PluginRegistry()
    registry.register(object(), "acme")
    with Desk(Config(tmp_path / "desk.db", disabled_plugins=frozenset({"acme", "bdlinx"})), registry=registry) as desk:
        assert "is disabled" in str(desk.registry.describe("acme"))
        with pytest.raises(PluginError, match="is disabled") as raised:
            desk.registry.load("bdlinx")
        assert "orderdesk plugins enable bdlinx" in str(raised.value.hint)


def test_processes_that_disable_plugins_at_once_lose_none(file: Path) -> None:
    file.write_text(RULES, encoding="utf-8")
    program = (
        "import sys, pathlib; from orderdesk_sdk.desk.disabled_plugins import change_disabled_plugins as change\n"
        "for number in range(20): change(pathlib.Path(sys.argv[1]), add=[f'{sys.argv[2]}-{number}'])"
    )
    running = [subprocess.Popen([sys.executable, "-c", program, str(file), name]) for name in ("acme", "bay")]
    assert [process.wait(300) for process in running] == [0, 0]
    assert disabled_plugins_in(file) == {f"{name}-{number}" for name in ("acme", "bay") for number in range(20)}
    assert file.read_text(encoding="utf-8").startswith(RULES)
    assert [path.name for path in file.parent.iterdir()] == ["orderdesk.toml"]
