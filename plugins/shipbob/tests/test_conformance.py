from orderdesk_devkit.testing.conformance import PluginConformance


class TestShipBob(PluginConformance):
    integration = "shipbob"
