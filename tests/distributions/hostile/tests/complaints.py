"""The conformance suite, put to every kind: each must fail. Run by tests of the suite, never as tests of a plugin."""

from __future__ import annotations

from orderdesk_devkit.testing.conformance import PluginConformance
from orderdesk_hostile.kinds import KINDS

for _kind in KINDS:
    _name = "Test" + "".join(word.capitalize() for word in _kind.split())
    _about = {"__module__": __name__, "integration": "hostile", "settings": {"kind": _kind}}
    globals()[_name] = type(_name, (PluginConformance,), _about)


class TestPart(PluginConformance):
    integration = "hostile-part"
