import pytest

from orderdesk_devkit.testing.conformance import PluginConformance

pytestmark = pytest.mark.slow


class TestLulu(PluginConformance):
    integration = "lulu"
