import pytest

from orderdesk_devkit.testing.conformance import PluginConformance

pytestmark = pytest.mark.slow


class TestShipBob(PluginConformance):
    integration = "shipbob"
