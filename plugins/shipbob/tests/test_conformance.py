import pytest

from orderdesk_sdk.testing.conformance import PluginConformance

pytestmark = pytest.mark.slow


class TestShipBob(PluginConformance):
    integration = "shipbob"
