"""The plugin against what was recorded over the simulator-defined API: no network, the same answers for ever."""

from __future__ import annotations

from orderdesk_devkit.testing.api_suite import ApiProfileConversationTests
from orderdesk_devkit.testing.cassette_suite import CassetteTests


class TestCassettes(ApiProfileConversationTests, CassetteTests):
    """Those of the invented API."""
