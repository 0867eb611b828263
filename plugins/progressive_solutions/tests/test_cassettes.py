"""The plugin against what was recorded over the simulator-defined wire: no network, the same answers for ever."""

from __future__ import annotations

from orderdesk_devkit.testing.api_suite import WireConversations
from orderdesk_devkit.testing.cassette_suite import CassetteSuite


class TestCassettes(WireConversations, CassetteSuite):
    """Those of the invented wire."""
