"""What came of the conformance tests of a plugin."""

from __future__ import annotations

from attrs import frozen

__all__ = ["FailedTest", "SuiteResult", "UntestedPart"]


@frozen
class FailedTest:
    """A test that failed.

    Args:
        test: pytest's id of it, or the file that could not be imported.
        reason: what it said: the rule, what was seen, and a hint, each in a line of its own.
    """

    test: str
    reason: str


@frozen
class UntestedPart:
    """What is declared and was not tried.

    Args:
        what: with the reason, or with the hint.
        is_explained: whether the test class gives a reason.
    """

    integration: str
    what: str
    is_explained: bool


@frozen
class SuiteResult:
    """How the tests ended.

    Args:
        untested: each once.
        seconds: how long they took.
    """

    passed: int = 0
    skipped: int = 0
    failed: tuple[FailedTest, ...] = ()
    untested: tuple[UntestedPart, ...] = ()
    seconds: float = 0.0
