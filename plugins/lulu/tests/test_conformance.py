from orderdesk_devkit.testing.conformance import PluginConformance


class TestLulu(PluginConformance):
    integration = "lulu"
