"""Which connection of ours Order Desk means by the name of a cart or a service."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from orderdesk_sdk.transport.redaction import normalize_name

__all__ = ["NOT_A_CART", "ConnectionNames"]

NOT_A_CART: Final = frozenset({"", "order desk"})
"""What stands as the cart of an order that was made by hand in Order Desk, or by its API; in lower case."""


class ConnectionNames:
    """Looks up names: in the configuration, then among the connections' own names and integrations, then in titles."""

    def __init__(
        self, configured: Mapping[str, str], slugs: Mapping[str, str], titles: Callable[[], Mapping[str, str]]
    ) -> None:
        """
        Args:
            configured: the connection by Order Desk's name; "" where it is declared to be none of ours.
            slugs: the integration's slug by connection.
            titles: the integration's title by connection; asked for where nothing else tells, since it loads plugins.
        """
        self._configured = {normalize_name(name): connection for name, connection in configured.items()}
        self._slugs = slugs
        self._titles = titles

    def connection_of(self, name: str) -> str | None:
        """The connection that a name stands for; None: it is declared to be none of ours.

        A name for which there is none, or several, stays what it is: it is the name of no connection, and so the plan
        says that the order cannot be canceled there by us.
        """
        wanted = normalize_name(name)
        if wanted in self._configured:
            return self._configured[wanted] or None
        if name in self._slugs:
            return name
        return (
            _only(connection for connection, slug in self._slugs.items() if normalize_name(slug) == wanted)
            or _only(connection for connection, title in self._titles().items() if normalize_name(title) == wanted)
            or name
        )

    def is_ignored_cart(self, name: str) -> bool:
        """Whether a name stands for no cart at all, and the configuration does not say otherwise."""
        return name.strip().lower() in NOT_A_CART and normalize_name(name) not in self._configured


def _only(names: Iterable[str]) -> str | None:
    found = tuple(names)
    return found[0] if len(found) == 1 else None
