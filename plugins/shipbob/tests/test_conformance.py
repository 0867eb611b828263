from orderdesk_sdk.testing.conformance import PluginConformance


class TestShipBob(PluginConformance):
    integration = "shipbob"
