"""Runs of the suite on mutants: what a run of the plugin as it is tells, and which tests a mutant meets."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from orderdesk_devkit.cli.mutant_report import result_line
from orderdesk_devkit.mutation.mutants import Mutant, mutants_of_package
from orderdesk_devkit.mutation.profile import SuiteProfile, SuiteTest
from orderdesk_devkit.mutation.runs import Fate, MutantResult, SuiteRun, require_unchanged, run_mutant, run_unchanged
from orderdesk_sdk.errors import ConfigurationError

PLUGIN = """\
LIMIT = 10


def double(number):
    return number * 2


def half(number):
    if number > LIMIT:
        raise ValueError(number)
    return number / 2


def unused():
    return 1


def remembered():
    return 5
"""
TESTS = """\
import subprocess
import sys
import time

import pytest
import toy_of_mutants as toy

KEPT = []


@pytest.fixture
def kept():
    if not KEPT:
        KEPT.append(toy.remembered())
    return KEPT[0]


def test_double_slowly():
    time.sleep(0.05)
    assert toy.double(2) == 4


def test_double():
    assert toy.double(2) == 4


def test_half():
    assert toy.half(4) == 2


def test_first_with_it(kept):
    assert kept


def test_second_with_it(kept):
    assert kept == 5


def test_in_another_process():
    code = "import toy_of_mutants as toy; assert toy.half(2) == 1 and toy.LIMIT == 10"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_of_no_use():
    pytest.skip("nobody wants it")
"""


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("toy")
    made = folder / "toy_of_mutants"
    made.mkdir()
    (made / "__init__.py").write_text(PLUGIN, encoding="utf-8")
    (folder / "test_toy.py").write_text(TESTS, encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        patch.setenv("PYTHONPATH", str(folder))
        yield made


@pytest.fixture(scope="module")
def tests(package: Path) -> Path:
    return package.parent / "test_toy.py"


@pytest.fixture(scope="module")
def profile(package: Path, tests: Path) -> SuiteProfile:
    return run_unchanged(tests, package, 300)


@pytest.fixture
def suite(tests: Path, profile: SuiteProfile) -> SuiteRun:
    return SuiteRun(tests, profile, least_timeout=300)


def mutant_with(package: Path, before: str, after: str) -> Mutant:
    """The toy with a piece of text exchanged."""
    line = PLUGIN[: PLUGIN.index(before)].count("\n") + 1
    file = package / "__init__.py"
    source = PLUGIN.replace(before, after)
    return Mutant("toy_of_mutants", file, line, (line,), "made up", "made up", before, after, source)


def names_of(profile: SuiteProfile, mutant: Mutant) -> list[str]:
    return [test.name for test in profile.tests_of(mutant.file, mutant.lines) if test.skipped is None]


def test_a_change_meets_the_tests_that_reach_it_the_fastest_first(package: Path, profile: SuiteProfile) -> None:
    mutant = mutant_with(package, "number * 2", "number * 3")
    assert names_of(profile, mutant) == ["test_double", "test_double_slowly", "test_in_another_process"]


def test_a_change_of_what_the_import_runs_meets_every_test(package: Path, profile: SuiteProfile) -> None:
    mutant = mutant_with(package, "LIMIT = 10", "LIMIT = 11")
    names = names_of(profile, mutant)
    assert names[-1] == "test_in_another_process"
    assert len(names) == 6


def test_a_quick_campaign_leaves_the_slowest_out() -> None:
    tests = [SuiteTest(name, seconds, seconds) for name, seconds in (("a", 0.5), ("b", 8.0), ("c", 1.5))]
    assert SuiteProfile(tuple(tests), {}).slow_tests(0.9) == {"b"}
    assert SuiteProfile(tuple(tests), {}).slow_tests(0.95) == {"b", "c"}


def test_what_a_fixture_reaches_once_is_reached_by_all_that_use_it(package: Path, profile: SuiteProfile) -> None:
    mutant = mutant_with(package, "return 5", "return 6")
    assert {"test_first_with_it", "test_second_with_it"} <= set(names_of(profile, mutant))


def test_the_lines_that_no_test_reaches_are_told(package: Path, profile: SuiteProfile) -> None:
    file = (package / "__init__.py").resolve()
    assert profile.missing_lines == ((file, 10, 10), (file, 15, 15))
    assert profile.reached_share == pytest.approx(9 / 11)


def test_a_test_that_was_skipped_says_why(profile: SuiteProfile) -> None:
    assert {test.name: test.skipped for test in profile.tests}["test_of_no_use"] == "nobody wants it"


@pytest.mark.parametrize(
    ("before", "after", "fate", "test"),
    [
        ("number * 2", "number * 3", Fate.KILLED, "test_double"),
        ("return 5", "return 6", Fate.KILLED, "test_second_with_it"),
        ("LIMIT = 10", "LIMIT = 11", Fate.KILLED, "test_in_another_process"),
        ("number * 2", "number + number", Fate.SURVIVED, None),
        ("return 1", "return 2", Fate.NOT_REACHED, None),
        ("LIMIT = 10", "raise ImportError", Fate.KILLED, "the import of the plugin"),
        ("LIMIT = 10", "import os; os._exit(3)", Fate.KILLED, "the end of its process"),
    ],
)
def test_a_mutant_is_found_by_a_test_that_fails(
    suite: SuiteRun, package: Path, before: str, after: str, fate: Fate, test: str | None
) -> None:
    result = run_mutant(suite, mutant_with(package, before, after))
    assert (result.fate, result.test) == (fate, test)


def test_a_survivor_names_the_tests_that_passed(suite: SuiteRun, package: Path) -> None:
    result = run_mutant(suite, mutant_with(package, "number * 2", "number + number"))
    assert result.passed == ("test_double", "test_double_slowly", "test_in_another_process")


def test_one_that_never_ends_is_given_up(package: Path, tests: Path, profile: SuiteProfile) -> None:
    endless = SuiteRun(tests, profile, least_timeout=1)
    mutant = mutant_with(package, "number * 2", "[0 for _ in iter(int, 1)]")
    assert run_mutant(endless, mutant).fate is Fate.TIMED_OUT


def test_every_mutant_of_the_toy_knows_its_lines(package: Path) -> None:
    assert all(mutant.line in mutant.lines for mutant in mutants_of_package(package))


@pytest.mark.parametrize(
    ("fate", "test", "line"),
    [
        (Fate.KILLED, "test_half", "killed: line 1, made up (by test_half)"),
        (Fate.SURVIVED, None, "survived: line 1, made up"),
        (Fate.NOT_REACHED, None, "not reached: line 1, made up"),
        (Fate.NOT_TRIED, None, None),
    ],
)
def test_each_result_is_a_line(package: Path, fate: Fate, test: str | None, line: str | None) -> None:
    assert result_line(MutantResult(mutant_with(package, "LIMIT", "LIMIT"), fate, test)) == line


def test_what_changes_under_a_campaign_spoils_it(tmp_path: Path, profile: SuiteProfile) -> None:
    tests = tmp_path / "test_changed.py"
    tests.write_text("import no_such_module_of_the_toy\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="has changed while its mutants were tried"):
        require_unchanged(SuiteRun(tests, profile, least_timeout=300))


def test_a_suite_that_fails_for_the_plugin_as_it_is_judges_nothing(tmp_path: Path, package: Path) -> None:
    tests = tmp_path / "test_wrong.py"
    tests.write_text("def test_it(): assert False\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="does not pass for the plugin as it is: test_it: "):
        run_unchanged(tests, package, 300)
