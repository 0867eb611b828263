"""E-mails that ask for a cancel: who gets them and what they say, with settings that the test class names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar

import pytest
from attrs import evolve, field, frozen

from orderdesk_devkit.testing.conformance.base import Count, StandardTests, new_folder
from orderdesk_devkit.testing.conformance.fallback_routes import with_single_route
from orderdesk_devkit.testing.conformance.requirement import Requirement, require
from orderdesk_devkit.testing.harness import connection_config
from orderdesk_devkit.testing.plugin_under_test import NOWHERE, ConformanceHarness, PluginUnderTest
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.plugin.routes import Email

__all__ = ["EmailTests", "ExpectedEmail"]


@frozen(kw_only=True)
class ExpectedEmail:
    """What the e-mail about the test's order is to be.

    Args:
        to: its only recipient.
        subject: all of it.
        body: texts that stand in it, as they arrive.
        settings: in place of those of the test class.
        is_warned_of: the plan says beside the route that there is something to know.
    """

    to: str
    subject: str
    body: tuple[str, ...] = ()
    settings: Mapping[str, object] = field(factory=dict)
    is_warned_of: bool = False


class EmailTests(StandardTests):
    """The draft of a mail, word for word, and settings that must not make one."""

    emails: ClassVar[tuple[ExpectedEmail, ...]] = ()
    """What the e-mail is, for each table of settings by which it differs."""
    refused_settings: ClassVar[tuple[Mapping[str, object], ...]] = ()
    """Settings in place of those of the test class which contradict each other, so that no connection has them."""

    def test_each_email_says_what_is_expected(
        self, plugin_under_test: PluginUnderTest, tmp_path: Path, count: Count
    ) -> None:
        """It goes to whom it should, and says what the service needs to know."""
        if not any(isinstance(route, Email) for route in plugin_under_test.integration.cancel):
            pytest.skip(f"{plugin_under_test.slug} writes no e-mail")
        if not self.emails:
            pytest.skip(f"{type(self).__name__} declares no `emails`: what they say was not compared")
        found: list[str] = []
        for expected in self.emails:
            tried = _by_email(evolve(plugin_under_test, settings={**plugin_under_test.settings, **expected.settings}))
            with tried.open_harness(new_folder(tmp_path)) as harness:
                found += _failures(harness, expected)
        count("e-mails", len(self.emails))
        require(Requirement.EMAILS, found)

    def test_settings_that_contradict_each_other_are_refused(self, plugin_under_test: PluginUnderTest) -> None:
        """No connection can be made with them."""
        if not self.refused_settings:
            pytest.skip(f"{type(self).__name__} names no `refused_settings`")
        simulator = plugin_under_test.make_simulator(VirtualClock())
        usual = plugin_under_test.connection_settings(simulator, NOWHERE)
        found = [
            f"a connection can be made with {dict(settings)}"
            for settings in self.refused_settings
            if _is_taken(plugin_under_test, {**usual, **settings})
        ]
        require(Requirement.SETTINGS, found)


def _by_email(tested: PluginUnderTest) -> PluginUnderTest:
    """The subject with its e-mail as the way that is taken."""
    routes = tested.integration.cancel
    return (
        tested
        if isinstance(routes[0], Email)
        else with_single_route(tested, next(route for route in routes if isinstance(route, Email)))
    )


def _failures(harness: ConformanceHarness, expected: ExpectedEmail) -> Iterator[str]:
    entry = harness.desk.cancellations.plan(harness.order).entries[0]
    if (entry.steps[0].warning is not None) is not expected.is_warned_of:
        yield f"the plan warns of {entry.steps[0].warning or 'nothing'}, with {dict(expected.settings)}"
    harness.cancel()
    mail = harness.desk.cases.details(harness.follow_up().id).mail
    if mail is None:
        yield "there is no e-mail"
        return
    head, _, body = mail.text.partition("\n\n")
    wanted = f"To: {expected.to}\nSubject: {expected.subject}"
    if head != wanted:
        yield f"it begins with {head!r}, not with {wanted!r}"
    for text in expected.body:
        if text not in body:
            yield f"its text has no {text!r}: {body!r}"


def _is_taken(tested: PluginUnderTest, table: Mapping[str, object]) -> bool:
    try:
        connection_config(tested.slug, table, tested.registry())
    except ConfigurationError:
        return False
    return True
