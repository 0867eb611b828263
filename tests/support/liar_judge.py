"""What the conformance suite says of a toy integration: one run of it in a pytest of its own."""

from __future__ import annotations

import pytest

from orderdesk_devkit.testing.conformance import Requirement

__all__ = ["judge", "require_told"]


def judge(pytester: pytest.Pytester, toy: type, shop: type, test: str, **attributes: object) -> pytest.RunResult:
    """The result of the tests of the suite that are named so, of a toy with its shop.

    Args:
        attributes: of the test class, as the suite knows them.
    """
    more = "".join(f"            {name} = {value!r}\n" for name, value in attributes.items())
    pytester.makepyfile(f"""
        import {toy.__module__}, {shop.__module__}
        from orderdesk_devkit.testing.conformance import PluginConformance

        class TestToy(PluginConformance):
            integration = "toy"
            plugin = {toy.__module__}.{toy.__name__}()
            simulator = {shop.__module__}.{shop.__name__}
{more}""")
    return pytester.runpytest_inprocess("-q", "-rs", "-k", test)


def require_told(result: pytest.RunResult, law: Requirement, told: str) -> None:
    """One test failed, and it named the rule, what was seen, and the hint."""
    rule, hint = law.value
    assert result.parseoutcomes()["failed"] == 1
    result.stdout.fnmatch_lines([f"*rule: {rule}", f"*{told}*", f"*hint: {hint}"])
