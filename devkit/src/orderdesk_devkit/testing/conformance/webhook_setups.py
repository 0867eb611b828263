"""The webhook that a plugin registers itself: once however often it is asked, listed, and removed with no other."""

from __future__ import annotations

from pathlib import Path

import pytest

from orderdesk_devkit.testing.conformance.base import StandardTests
from orderdesk_devkit.testing.conformance.requirement import Requirement, require
from orderdesk_devkit.testing.plugin_under_test import ConformanceHarness, PluginUnderTest
from orderdesk_sdk.errors import OrderDeskError
from orderdesk_sdk.runtime.webhook_setups import WebhookState

__all__ = ["WebhookSetupTests"]

OURS, OTHERS = "https://desk.example/in/ours", "https://other.example/in/theirs"
_STEPS = (
    (OTHERS, True, WebhookState.REGISTERED, (OTHERS,)),
    (OURS, None, WebhookState.FOREIGN, (OTHERS,)),
    (OURS, True, WebhookState.REGISTERED, (OTHERS, OURS)),
    (OURS, True, WebhookState.REGISTERED, (OTHERS, OURS)),
    (OURS, False, WebhookState.FOREIGN, (OTHERS,)),
    (OURS, False, WebhookState.FOREIGN, (OTHERS,)),
    (OTHERS, False, WebhookState.MISSING, ()),
)
"""For which address, whether it is wanted, what is told then, and which addresses are there then."""


class WebhookSetupTests(StandardTests):
    """Registered, listed, registered again, removed, removed again; beside the webhook of somebody else.

    Of a plugin with `webhook_events`: one webhook for each of them.
    """

    def test_a_webhook_is_registered_once_and_removed_alone(
        self, plugin_under_test: PluginUnderTest, tmp_path: Path
    ) -> None:
        """What is told is what the simulator has, and the webhooks of others stay."""
        plugin = plugin_under_test.registry().load(plugin_under_test.slug)
        if not plugin.manager.hook.orderdesk_webhooks.get_hookimpls():
            pytest.skip(f"{plugin_under_test.slug} registers no webhook itself")
        if not plugin_under_test.has_service:
            pytest.fail(f"{plugin_under_test.slug} registers webhooks and has no simulator to call")
        found = list[str]()
        with plugin_under_test.open_harness(tmp_path) as harness:
            if harness.service.registered_webhooks() is None:
                pytest.skip(f"{plugin_under_test.slug}: its simulator does not tell its `registered_webhooks`")
            each = max(1, len(plugin.integration.webhook_events))
            for number, (address, wanted, state, addresses) in enumerate(_STEPS, start=1):
                told, there = _told(harness, address, wanted), addresses * each
                has = tuple(harness.service.registered_webhooks() or ())
                if told != state.value or sorted(has) != sorted(there):
                    found.append(
                        f"step {number}, {_words(address, wanted)}: it tells {told!r}, not {state.value!r}; there is "
                        f"{_short(has)}, and expected is {_short(there)}"
                    )
        require(Requirement.REGISTERS_WEBHOOKS, found)


def _told(harness: ConformanceHarness, address: str, wanted: bool | None) -> str:
    """What the desk learns of it."""
    try:
        return harness.set_webhook(address, wanted=wanted).state.value
    except OrderDeskError as error:
        return f"an error ({error.message})"


def _words(address: str, wanted: bool | None) -> str:
    does = "listed" if wanted is None else "registered" if wanted else "removed"
    return f"{'ours' if address == OURS else 'another one'} is to be {does}"


def _short(addresses: tuple[str, ...]) -> str:
    counts = {
        "ours": addresses.count(OURS),
        "another's": addresses.count(OTHERS),
        "one of nobody here": sum(one not in (OURS, OTHERS) for one in addresses),
    }
    return (
        " and ".join(f"{name} {_TIMES.get(count, f'{count} times')}" for name, count in counts.items() if count)
        or "none"
    )


_TIMES = {1: "once", 2: "twice"}
