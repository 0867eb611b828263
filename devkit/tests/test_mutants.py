"""Mutants: which mistakes are made of a plugin's source, by which names, and that the suite is run on each."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from orderdesk_devkit.cli.mutant_report import result_line
from orderdesk_devkit.mutation.mutants import Mutant, mutants_of_file, mutants_of_package
from orderdesk_devkit.mutation.runs import Fate, MutantResult, SuiteRun, run_mutant, run_unchanged
from orderdesk_sdk.errors import ConfigurationError

FLOW = """
STATUS = {"open": answer.unknown, "gone": answer.canceled}


def orderdesk_cancel(request, service):
    response = yield service.put("/orders", request.remote_id)
    order = yield service.get("/orders", request.remote_id)
    if response.status_code == 409:
        return answer.rejected(order, Rejection.SHIPPED)
    return answer.acknowledged(response)


def orderdesk_parse_webhook(request, service):
    verify_signature(request, service.settings.webhook_secret)
    return names(request)
"""


SECRET = "service.settings.webhook_secret"


def mutants_of(tmp_path: Path, text: str) -> tuple[Mutant, ...]:
    file = tmp_path / "api.py"
    file.write_text(text, encoding="utf-8")
    return tuple(mutants_of_file(file, "acme.api"))


@pytest.mark.parametrize(
    "name",
    [
        "api.py: answer exchanged: answer.canceled -> answer.acknowledged",
        "api.py: meaning exchanged: answer.unknown -> answer.canceled",
        "api.py:orderdesk_cancel: answer exchanged: answer.acknowledged -> answer.canceled",
        "api.py:orderdesk_cancel: branch turned: response.status_code == 409 -> not (response.status_code == 409)",
        "api.py:orderdesk_cancel: rejection exchanged: Rejection.SHIPPED -> Rejection.TOO_LATE",
        "api.py:orderdesk_cancel: evidence of another exchange: order -> response",
        "api.py:orderdesk_cancel: read that writes: service.get -> service.post",
        'api.py:orderdesk_cancel: wrong order: request.remote_id -> request.remote_id + "0"',
        f"api.py:orderdesk_parse_webhook: check left out: verify_signature(request, {SECRET}) -> pass",
        f"api.py:orderdesk_parse_webhook: setting not read: {SECRET} -> type({SECRET})()",
    ],
)
def test_each_kind_of_mistake_is_made(tmp_path: Path, name: str) -> None:
    assert name in {mutant.name for mutant in mutants_of(tmp_path, FLOW)}


def test_a_word_of_a_service_is_changed(tmp_path: Path) -> None:
    assert [mutant.kind for mutant in mutants_of(tmp_path, 'GONE = "already picked"\n')] == ["word changed"]


def test_every_mutant_is_python_and_like_no_other(tmp_path: Path) -> None:
    mutants = mutants_of(tmp_path, FLOW)
    sources = [mutant.source for mutant in mutants]
    assert len({*sources, FLOW}) == len(sources) + 1
    assert len({mutant.name for mutant in mutants}) == len(mutants)
    for source in sources:
        compile(source, "mutant", "exec")


def test_a_name_stays_when_lines_above_come(tmp_path: Path) -> None:
    before = [mutant.name for mutant in mutants_of(tmp_path, FLOW)]
    assert [mutant.name for mutant in mutants_of(tmp_path, f"# One line.\n\n{FLOW}")] == before


@pytest.mark.parametrize(
    "text",
    [
        "from a import b\n",
        '"""A docstring."""\n',
        'kept = field(help="words for people")\n',
        'HINT = "duplicate the order in your shop"\n',
        "if TYPE_CHECKING:\n    import httpx\n",
        "def name(order: Order) -> str: ...\n",
    ],
)
def test_what_people_read_and_what_does_not_run_is_left_alone(tmp_path: Path, text: str) -> None:
    assert mutants_of(tmp_path, text) == ()


def test_a_simulator_is_no_part_of_the_plugin(tmp_path: Path) -> None:
    package = tmp_path / "acme"
    (package / "simulator").mkdir(parents=True)
    for file in ("__init__.py", "api.py", "simulator/__init__.py", "simulator/state.py"):
        (package / file).write_text("IS_ON = True\n", encoding="utf-8")
    assert {mutant.module for mutant in mutants_of_package(package)} == {"acme", "acme.api"}


TESTS = """
import subprocess, sys
import json.tool as judged

def test_here():
    assert judged.main.__name__ == "main"

def test_in_another_process():
    code = "import json.tool; assert json.tool.main.__name__ == 'main'"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
"""


@pytest.fixture
def suite(tmp_path: Path) -> SuiteRun:
    tests = tmp_path / "test_judge.py"
    tests.write_text(TESTS, encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    return SuiteRun(tests, timeout=60)


def mutant_with(source: str) -> Mutant:
    return Mutant("json.tool", Path("tool.py"), 1, "made up", "made up", source)


@pytest.mark.parametrize(
    ("source", "fate", "test"),
    [
        ("def main(): pass\n", Fate.SURVIVED, None),
        ("def other(): pass\nmain = other\n", Fate.KILLED, "test_here"),
        (
            "import sys\ndef other(): pass\ndef main(): pass\nif 'pytest' not in sys.modules: main = other\n",
            Fate.KILLED,
            "test_in_another_process",
        ),
        ("raise ImportError\n", Fate.KILLED, "the import of the plugin"),
    ],
)
def test_a_mutant_is_met_in_every_process(suite: SuiteRun, source: str, fate: Fate, test: str | None) -> None:
    result = run_mutant(suite, mutant_with(source))
    assert (result.fate, result.test) == (fate, test)


@pytest.mark.parametrize(
    ("fate", "test", "line"),
    [
        (Fate.KILLED, "test_here", "killed: line 1, made up (by test_here)"),
        (Fate.SURVIVED, None, "survived: line 1, made up"),
        (Fate.NOT_TRIED, None, None),
    ],
)
def test_each_result_is_a_line(fate: Fate, test: str | None, line: str | None) -> None:
    assert result_line(MutantResult(mutant_with(""), fate, test)) == line


def test_one_that_never_ends_is_given_up(tmp_path: Path, suite: SuiteRun) -> None:
    endless = SuiteRun(suite.tests, timeout=5)
    assert run_mutant(endless, mutant_with("while True: pass\n")).fate is Fate.TIMED_OUT


def test_a_suite_that_fails_for_the_plugin_as_it_is_judges_nothing(tmp_path: Path) -> None:
    tests = tmp_path / "test_wrong.py"
    tests.write_text("def test_it(): assert False\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="does not pass for the plugin as it is"):
        run_unchanged(tests, 60)


def test_the_suite_runs_under_this_python(suite: SuiteRun) -> None:
    assert sys.executable
    assert run_unchanged(suite.tests, 60) > 0
