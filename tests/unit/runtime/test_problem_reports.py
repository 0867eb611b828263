"""A problem is reported when it comes, and whoever cannot be told ends no thread."""

from __future__ import annotations

import pytest

from orderdesk_sdk.runtime.problem_reports import ProblemReports


def test_each_problem_is_reported_when_it_comes_and_again_when_it_was_gone() -> None:
    told: list[str] = []
    reports = ProblemReports(told.append)
    for problems in (["a"], ["a", "b", "b"], [], ["a"]):
        reports.update(problems)
    assert told == ["a", "b", "a"]
    assert reports.last == ("a",)


def test_whoever_cannot_be_told_is_logged_and_hears_of_the_next(caplog: pytest.LogCaptureFixture) -> None:
    told: list[str] = []

    def fail(problem: str) -> None:
        told.append(problem)
        raise OSError("the log is full")

    ProblemReports(fail).update(["a", "b"])
    assert told == ["a", "b"]
    assert caplog.text.count("a problem could not be reported (OSError)") == 2
