"""Progressive Solutions publishes nothing: what is configured is called, what lacks is a person's task."""

from __future__ import annotations

from orderdesk_devkit.testing.api_suite import ApiProfileTests
from orderdesk_sdk.plugin.integration import Verification
from orderdesk_sdk.plugin.registry import PluginRegistry


class TestProgressiveSolutions(ApiProfileTests):
    integration = "progressive-solutions"

    def test_the_declaration_says_that_it_is_configuration_only(self) -> None:
        assert PluginRegistry().load(self.integration).integration.verified_by is Verification.CONFIGURATION
