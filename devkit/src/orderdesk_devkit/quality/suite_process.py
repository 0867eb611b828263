"""A run of a plugin's conformance tests by pytest, in the process that this is started in, and what came of each.

python -m orderdesk_devkit.quality.suite_process RESULT.json tests/test_conformance.py
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from attrs import asdict, define, field

from orderdesk_devkit.quality.suite_result import FailedTest, UntestedPart
from orderdesk_devkit.testing.report_keys import UNTESTED

__all__ = ["main"]


@define(eq=False)  # pytest keeps plugins in sets.
class _Outcomes:
    """Adds up what pytest reports."""

    passed: int = 0
    skipped: int = 0
    failed: list[FailedTest] = field(factory=list)
    untested: dict[UntestedPart, None] = field(factory=dict)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Of a test, or of the fixtures before and after it."""
        if report.failed:
            self.failed.append(FailedTest(report.nodeid, _reason(report)))
        elif report.skipped:
            self.skipped += 1
        elif report.when == "call":
            self.passed += 1
        if report.when == "call":
            told: list[Any] = [value for name, value in report.user_properties if name == UNTESTED]
            self.untested.update((UntestedPart(*one), None) for one in told)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Of a file that cannot be imported."""
        if report.failed:
            self.failed.append(FailedTest(report.nodeid, _reason(report)))


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    """What the error said."""
    crash = getattr(report.longrepr, "reprcrash", None)
    if crash is None:  # Of a file that cannot be imported, the last line says what it is.
        return report.longreprtext.strip().rpartition("\n")[2].removeprefix("E ").strip()
    text = str(crash.message).strip()
    return text.partition("ConformanceError: ")[2] or text


def main(result: Path, files: list[str]) -> None:
    """Run the tests of these files, and write what came of them."""
    outcomes = _Outcomes()
    code = pytest.main([*files, "-q", "-p", "no:cacheprovider"], [outcomes])
    ran = code in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.NO_TESTS_COLLECTED)
    if ran or outcomes.failed:
        document = {
            "passed": outcomes.passed,
            "skipped": outcomes.skipped,
            "failed": [asdict(one) for one in outcomes.failed],
            "untested": [asdict(one) for one in outcomes.untested],
        }
        result.write_text(json.dumps(document), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
