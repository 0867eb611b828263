import pytest

from orderdesk_sdk.testing.conformance import PluginConformance

pytestmark = pytest.mark.slow


class TestLulu(PluginConformance):
    integration = "lulu"
