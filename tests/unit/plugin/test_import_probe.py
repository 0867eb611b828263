"""A process that tries imports is ended where it hangs, also before it has begun."""

from __future__ import annotations

import subprocess
import sys
import threading
from importlib.metadata import EntryPoint
from unittest.mock import patch

from orderdesk_sdk.plugin import import_probe
from orderdesk_sdk.plugin.hookspecs import INTEGRATIONS
from orderdesk_sdk.plugin.import_probe import DeadlyImports, probe_imports
from orderdesk_sdk.plugin.registry import PluginRegistry


def test_a_process_that_never_begins_is_ended_and_nobody_is_blamed() -> None:
    """Such as one whose sitecustomize waits for something: what hangs there hangs the import here too."""
    started: list[subprocess.Popen[bytes]] = []

    def hang(*_: object) -> subprocess.Popen[bytes]:
        started.append(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1e6)"]))
        return started[-1]

    found: list[DeadlyImports] = []
    with patch.object(import_probe, "_start", hang):
        registry = PluginRegistry(lambda **_: [EntryPoint("acme", "acme_is_nowhere", INTEGRATIONS)])
        trying = threading.Thread(target=lambda: found.append(probe_imports(registry, timeout=0.1)), daemon=True)
        trying.start()
        trying.join(120)
    assert found == [DeadlyImports({}, {})]
    assert [process.returncode is not None for process in started] == [True]
