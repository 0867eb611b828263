from orderdesk_sdk.testing.conformance import PluginConformance


class TestLulu(PluginConformance):
    integration = "lulu"
