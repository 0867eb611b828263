"""The same takes in a second process, as the core plays a flow again when the first one has died.

It opens the ledger that the first one wrote, and differs from it in what a process has of its own: where things lie in
memory, the order in which a set gives its texts, and the time zone.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from attrs import frozen
from cattrs.preconf.json import make_converter

from orderdesk_devkit.testing.conformance.baseline_run import RecordedConversation
from orderdesk_devkit.testing.conformance.recorded_flows import RecordedFlow, recorded_flows_at
from orderdesk_devkit.testing.plugin_under_test import ConformanceHarness
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.desk.config import Config
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.errors import PluginError
from orderdesk_sdk.runtime.connection_config import ConnectionConfig
from orderdesk_sdk.transport.http.replay import request_digest

__all__ = ["Call", "calls_of", "calls_in_second_process"]

TIMEOUT_SECONDS = 60.0
"""Real seconds after which the other process is given up."""
_SEEDS = ("20261", "20262")
_ZONE = "OTHER-11:17"
"""East of Greenwich by as much as no place on earth is, in the words of POSIX."""


@frozen
class Call:
    """A request as it is told.

    Args:
        digest: of method, URL and body, by which the core recognizes it.
    """

    method: str
    url: str
    digest: str

    def __str__(self) -> str:
        # Without its body, which may hold what only the service may see.
        return f"{self.method} {self.url} (body and all: {self.digest[:12]})"


@frozen
class _Script:
    """What another process needs.

    Args:
        settings, location: of the connection's table.
    """

    ledger: str
    slug: str
    settings: Mapping[str, object]
    location: str
    conversation: RecordedConversation


_converter = make_converter()
_converter.register_structure_hook_func(
    lambda kind: kind is object, lambda value, _: value
)  # Settings are what JSON makes of them.


def calls_of(flow: RecordedFlow) -> tuple[Call, ...]:
    """The calls that a flow makes for its real responses."""
    made = flow.play(flow.responses).requests
    return tuple(Call(request.method, str(request.url), request_digest(request)) for request in made)


def calls_in_second_process(
    harness: ConformanceHarness, conversation: RecordedConversation
) -> Sequence[tuple[str, tuple[Call, ...]]]:
    """The calls of each take, by its name, in a new process with the stage's ledger, in which one case is open.

    Raises PluginError where nothing came of it.
    """
    table = harness.connection_config
    ledger = harness.desk.config.ledger
    script = _Script(str(ledger), table.integration, table.settings, table.location, conversation)
    seed = next(one for one in _SEEDS if one != os.environ.get("PYTHONHASHSEED"))
    try:
        ran = subprocess.run(  # noqa: S603 - our own code
            [sys.executable, "-c", f"from {__name__} import main; main()"],
            input=json.dumps(_converter.unstructure(script)),
            env={**os.environ, "PYTHONHASHSEED": seed, "TZ": _ZONE},
            timeout=TIMEOUT_SECONDS,
            capture_output=True,
            text=True,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise PluginError(
            f"in another process the filter did not end within {TIMEOUT_SECONDS:g} s", location=table.integration
        ) from None
    if ran.returncode:
        said = ran.stderr.strip().rpartition("\n")[2]
        raise PluginError(f"in another process it could not be played: {said}", location=table.integration)
    told = json.loads(ran.stdout.rpartition("\n")[2])  # The last line: the ones before it are the plugin's own.
    return _converter.structure(told, list[tuple[str, tuple[Call, ...]]])


def main() -> None:
    """Play the takes of the script on stdin, and leave their calls on stdout."""
    script = _converter.structure(json.load(sys.stdin), _Script)
    connection = ConnectionConfig(script.slug, script.slug, script.settings, script.location)
    with Desk(Config(Path(script.ledger), {script.slug: connection}), clock=VirtualClock()) as desk:
        played = [(take.name, calls_of(take)) for take in recorded_flows_at(desk, script.slug, script.conversation)]
    sys.stdout.write(f"\n{json.dumps(_converter.unstructure(played))}")
