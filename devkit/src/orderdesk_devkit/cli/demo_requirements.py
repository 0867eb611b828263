"""What the demo and its shop play, and which of it is not installed: all at once, before anything begins."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from orderdesk_sdk.cli.extras import MODULES, missing_modules
from orderdesk_sdk.errors import ConfigurationError, describe_exception

__all__ = ["require_demo", "require_demo_shop"]


def require_demo() -> None:
    """Raises ConfigurationError that names everything that the story lacks."""
    from orderdesk_devkit.cli.demo_script import CONNECTIONS, SUBMITTED_LATER

    places = {slug for slugs in CONNECTIONS.values() for slug in slugs}
    _require("the demo", places.union(SUBMITTED_LATER), "rules")


def require_demo_shop() -> None:
    """Raises ConfigurationError that names everything that the shop to look at lacks."""
    from orderdesk_devkit.cli.demo_shop.catalog import DEMO_ORDERS, bulk_orders

    places = {connection for order in (*DEMO_ORDERS, *bulk_orders()) for connection, _ in order.places}
    _require("the shop", places, "rules", "web")


def _require(what: str, slugs: Iterable[str], *extras: str) -> None:
    missing = [*_missing_integrations(slugs), *missing_modules(name for extra in extras for name in MODULES[extra])]
    if missing:
        raise ConfigurationError(
            f"{what} needs what is not installed: {', '.join(missing)}",
            hint="run `pip install 'orderdesk-devkit[demo]'`",
        )


def _missing_integrations(slugs: Iterable[str]) -> Iterator[str]:
    from orderdesk_devkit.cli.demo_shop.catalog import EMAIL_ONLY
    from orderdesk_devkit.simulators.simulator import simulators
    from orderdesk_sdk.plugin.registry import PluginRegistry

    found = simulators()
    for slug in sorted(slugs):
        if slug == EMAIL_ONLY:
            if slug not in PluginRegistry().slugs():
                yield slug
        elif slug not in found:
            yield f"the simulator of {slug}"
        else:
            try:
                found[slug].load()
            except Exception as error:  # noqa: BLE001 - a simulator may fail in any way, and the others are named too
                yield f"the simulator of {slug} ({describe_exception(error)})"
