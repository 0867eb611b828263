"""CONTRIBUTING.md: short, and what it tells one to type is run in a copy of the checkout.

Run as it stands: `demo`, `record`, `docs`, the formatter, the commands for reports. Run in part: `test` (one file),
`lint` (ruff, the formatter, import-linter and the generated pages: mypy and the HTML are left to `.ci/run`), `bench`
(one measure, small), a plugin's own tests (few malformed responses, not all failpoints). Not run: `git clone` and the
set-up of `.venv`, with which CI begins; of `pin` all but pip, because that needs a package index; `build`, which
tests/packaging does.
"""

from __future__ import annotations

import importlib.util
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from click.testing import CliRunner

from orderdesk_devkit.sample_orders import SAMPLE_ORDERS
from orderdesk_sdk.cli.group import orderdesk
from tests.support.newcomer import Newcomer, briefly

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
DEV = "python3 tools/dev.py"
LONGEST = 150
BLOCKS = re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
VERBS = [f"{DEV} {verb}" for verb in re.findall(r"^\| `([^`]+)` \|(?! what)", PAGE, re.MULTILINE) if verb[-3:] != "..."]
CODE = re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```$", "", PAGE, flags=re.MULTILINE | re.DOTALL))
SPANS = [one for one in CODE if re.match(r"(?:python3? |\.venv/bin/|orderdesk |git |pip )", one) and "..." not in one]
SET_UP, BEGIN, OF_A_PLUGIN = BLOCKS
LESS = {
    f"{DEV} test": ["-q", "tests/unit/test_clock.py"],
    f"{DEV} test --fast": ["-q", "tests/unit/test_clock.py"],
    f"{DEV} test -k cancel": ["-q", "tests/integration/test_line_quantities.py"],
    f"{DEV} lint": ["ruff", "format", "imports", "docs"],
    f"{DEV} mutants progressive-solutions": ["--quick"],
    f"{DEV} bench": ["--quick", "--only", "listing"],
}
"""What makes a command short."""
LEFT_OUT = {".git", ".venv", "build", "__pycache__"}


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the checkout, without what git does not keep."""
    copy = tmp_path_factory.mktemp("contributing") / "orderdesk_sdk"
    shutil.copytree(
        ROOT, copy, ignore=lambda _, names: {one for one in names if one in LEFT_OUT or one[-6:] == "_cache"}
    )
    return copy


@pytest.fixture
def dev(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """tools/dev.py of the copy, with the environment of this checkout."""
    spec = importlib.util.spec_from_file_location("dev_of_a_copy", checkout / "tools" / "dev.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert checkout == module.ROOT
    monkeypatch.setattr(module, "VENV", Path(sys.prefix))
    monkeypatch.setattr(module, "ensure_environment", lambda extent: None)
    return module


def test_it_is_short_and_knows_nothing_of_a_machine() -> None:
    assert len(PAGE.splitlines()) < LONGEST
    assert re.findall(r"(?<![\w.])(?:/work|/home|/tmp|/root|[A-Z]:\\)\S*", PAGE) == []


def test_the_set_up_is_that_of_ci() -> None:
    clone, enter, test = SET_UP.splitlines()
    assert (clone, enter) == ("git clone <this repository> orderdesk_sdk", "cd orderdesk_sdk")
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert [line for line in (test, f"{DEV} lint") if not re.search(rf"^{re.escape(line)} ", ci, re.MULTILINE)] == []


@pytest.mark.parametrize("command", [line for line in VERBS if not line.endswith((" build", " pin"))])
def test_a_verb_does_what_it_is_there_for(command: str, dev: ModuleType, capfd: pytest.CaptureFixture[str]) -> None:
    arguments = shlex.split(command.removeprefix(DEV))
    code = dev.main([*arguments, *LESS.get(command, [])])
    assert code == 0, "".join(capfd.readouterr())


def test_pin_writes_what_pip_installed(dev: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    assert f"{DEV} pin" in VERBS
    monkeypatch.setattr(dev, "OLDEST", sys.version_info[:2])
    monkeypatch.setattr(dev, "make_venv", lambda venv: None)
    monkeypatch.setattr(dev, "pip", lambda venv, *arguments: "attrs==25.4.0\nhttpx==0.28.1\n")
    assert dev.main(["pin"]) == 0
    assert (dev.ROOT / "constraints.txt").read_text(encoding="utf-8").endswith("attrs==25.4.0\nhttpx==0.28.1\n")


def test_every_row_of_the_table_is_a_verb_and_every_verb_has_a_row(dev: ModuleType) -> None:
    assert {shlex.split(command)[2] for command in VERBS} == set(dev.VERBS)


def test_a_plugin_that_lives_elsewhere_is_begun_and_judged_as_it_says(tmp_path: Path) -> None:
    author = Newcomer(tmp_path)
    for line in BEGIN.splitlines():
        author.command(line)
    author.at = tmp_path / "orderdesk-acme-ship"
    for line in OF_A_PLUGIN.splitlines():
        suite = "tests/test_conformance.py::TestAcmeShip"
        author.command(line, *(briefly(suite) if line.startswith("python -m pytest") else ()))


@pytest.mark.parametrize("command", sorted({one for one in SPANS if not one.startswith(DEV)}))
def test_a_command_in_the_text_can_be_typed(
    command: str, checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if command == "orderdesk check-plugin .":
        assert command in OF_A_PLUGIN.splitlines(), "it is run in a plugin's folder"
        return
    words = shlex.split(command.replace("NUMBER", "1042"))
    if words[0] == ".venv/bin/ruff":
        subprocess.run([Path(sys.prefix) / "bin" / "ruff", *words[1:]], check=True, cwd=checkout, capture_output=True)
        return
    assert words[0] == "orderdesk"
    monkeypatch.chdir(tmp_path)
    Path("orders.json").write_text(SAMPLE_ORDERS, encoding="utf-8")
    Path("orderdesk.toml").touch()
    for line in (["import", "orders.json"], words[1:]):
        ran = CliRunner().invoke(orderdesk, line)
        assert ran.exit_code == 0, ran.output
