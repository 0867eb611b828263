"""Progressive Solutions publishes nothing: what is configured is called, what lacks is a person's task."""

from __future__ import annotations

from orderdesk_devkit.testing.api_suite import WireSuite
from orderdesk_sdk.plugin.integration import Evidence
from orderdesk_sdk.plugin.registry import Registry


class TestProgressiveSolutions(WireSuite):
    integration = "progressive-solutions"

    def test_the_declaration_says_that_it_is_configuration_only(self) -> None:
        assert Registry().load(self.integration).integration.evidence is Evidence.CONFIGURATION
