"""Which connection of ours Order Desk means by the name of a cart or a service."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping
from typing import Final

__all__ = ["NOT_A_CART", "ConnectionNames"]

NOT_A_CART: Final = frozenset({"", "order desk"})
"""What stands as the cart of an order that was made by hand in Order Desk, or by its API; in lower case."""
_MAX_NAME: Final = 100
"""Characters that are kept of a name that is no connection's."""


class ConnectionNames:
    """Looks up names: in the configuration, then among the connections' own names and integrations, then in titles."""

    def __init__(
        self,
        configured: Mapping[str, str],
        slugs: Callable[[], Mapping[str, str]],
        titles: Callable[[], Mapping[str, str]],
    ) -> None:
        """
        Args:
            configured: the connection by Order Desk's name; "" where it is declared to be none of ours.
            slugs: the integration's slug by connection; asked for each time, since connections come and go.
            titles: the integration's title by connection; asked for where nothing else tells, since it loads plugins.
        """
        self._configured = {_compared(name): connection for name, connection in configured.items()}
        self._slugs = slugs
        self._titles = titles

    def connections(self) -> tuple[str, ...]:
        """The names of our connections."""
        return tuple(self._slugs())

    def connection_of(self, name: str) -> str | None:
        """The connection that a name stands for; None: it is declared to be none of ours.

        A name for which there is none, or several, stays what it is, on one line: it is the name of no connection, and
        so the plan says that the order cannot be canceled there by us.
        """
        wanted = _compared(name)
        if wanted in self._configured:
            return self._configured[wanted] or None
        slugs = self._slugs()
        if name in slugs:
            return name
        return (
            _only(connection for connection, slug in slugs.items() if _compared(slug) == wanted)
            or _only(connection for connection, title in self._titles().items() if _compared(title) == wanted)
            or _on_one_line(name)
        )

    def is_ignored_cart(self, name: str) -> bool:
        """Whether a name stands for no cart at all, and the configuration does not say otherwise."""
        return name.strip().lower() in NOT_A_CART and _compared(name) not in self._configured


def _compared(name: str) -> str:
    """A name without case, spaces and signs: its letters and digits, of every script, lest two services become one."""
    letters = "".join(each for each in unicodedata.normalize("NFKC", name).casefold() if each.isalnum())
    return letters or name.strip()


def _on_one_line(name: str) -> str:
    shown = "".join(each if each.isprintable() else " " for each in name)
    return " ".join(shown.split())[:_MAX_NAME] or "unnamed"


def _only(names: Iterable[str]) -> str | None:
    found = tuple(names)
    return found[0] if len(found) == 1 else None
