"""What can go wrong, grouped by what the reader can do about it.

Every error says what is wrong (`text`), where (`place`, a file, a setting, a path in a document; None where there is
no such place) and what to do (`remedy`). `str()` joins the three. No error carries a secret: settings put their
secrets into `Secret`, which never prints, and exchanges are redacted before they reach an error.
"""

from __future__ import annotations

__all__ = [
    "AmbiguousError",
    "ConfigurationError",
    "ConflictError",
    "InputError",
    "LedgerError",
    "NaiveTimeError",
    "NotAllowedError",
    "NotFoundError",
    "OrderDeskError",
    "PluginFault",
    "UnderWayError",
    "UntrustedMessage",
    "in_words",
]


class OrderDeskError(Exception):
    """The base of every error that the SDK raises on purpose."""

    def __init__(self, text: str, *, place: str | None = None, remedy: str | None = None) -> None:
        super().__init__(text, place, remedy)
        self.text = text
        self.place = place
        self.remedy = remedy

    def __str__(self) -> str:
        said = f"{self.place}: {self.text}" if self.place else self.text
        return f"{said} - {self.remedy}" if self.remedy else said


class InputError(OrderDeskError):
    """Mend the input: an order document, a time, a number that cannot be read as what it should be."""


class NotFoundError(InputError):
    """Name something that exists: an unknown order, case, connection or integration."""


class AmbiguousError(NotFoundError):
    """Say which: a text is the id of one order and the number of another, or several orders have this number.

    `ids` are those that could be meant; `id:` before one of them names it.
    """

    def __init__(
        self, text: str, *, place: str | None = None, remedy: str | None = None, ids: tuple[str, ...] = ()
    ) -> None:
        super().__init__(text, place=place, remedy=remedy)
        self.ids = ids


class NaiveTimeError(InputError, ValueError):
    """Give the moment its zone: a datetime without one, of which the SDK would have to guess what it means."""


class UntrustedMessage(InputError):
    """Let nobody in: a message that came in is not signed as agreed. Answer it with 401; nothing follows from it."""


class ConfigurationError(OrderDeskError):
    """Mend the configuration: a setting, a credential, a host name, a missing extra."""


class NotAllowedError(OrderDeskError):
    """Ask again later or another way: the order or case forbids this now (a resubmit while unsettled, say)."""


class ConflictError(OrderDeskError):
    """Look first: somebody else was faster, or one key was used for two different wishes. Nothing was changed."""


class UnderWayError(ConflictError):
    """Wait: something else is being done with the order right now, and it passes by itself. Then ask again."""


class LedgerError(OrderDeskError):
    """The ledger cannot be read or written: a full disk, a file of a newer version, a locked database."""


class PluginFault(OrderDeskError):
    """Report it to the plugin's author: a plugin raised, hung, broke the contract or could not be imported.

    `place` names the distribution and the hook.
    """


def in_words(error: BaseException) -> str:
    """Type and words of anybody's exception. A plugin's may raise even while it is being shown."""
    try:
        return "".join((_name_of(error), ": ", str(error)))  # The words may be a text of the plugin's own class.
    except BaseException as another:  # noqa: BLE001 - whatever a foreign __str__ does, the first error is to be told
        return f"{_name_of(error)}, whose words cannot be shown ({_name_of(another)})"


def _name_of(error: BaseException) -> str:
    name: str = type.__dict__["__name__"].__get__(type(error))  # Whatever its metaclass says.
    return name
