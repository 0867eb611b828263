"""What can go wrong, grouped by what the reader can do about it.

Every error says what is wrong (`text`), where (`place`, a file, a setting, a path in a document; None where there is
no such place) and what to do (`hint`). `str()` joins the three. No error carries a secret: settings put their
secrets into `Secret`, which never prints, and exchanges are redacted before they reach an error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from orderdesk_sdk.cases.plan import Plan

__all__ = [
    "AmbiguousError",
    "ConfigurationError",
    "ConflictError",
    "ValidationError",
    "StorageError",
    "NaiveTimeError",
    "InvalidStateError",
    "NotFoundError",
    "OrderDeskError",
    "PlanChangedError",
    "PluginError",
    "InProgressError",
    "SignatureVerificationError",
    "UnconnectedServiceError",
    "describe_exception",
]


class OrderDeskError(Exception):
    """The base of every error that the SDK raises on purpose."""

    def __init__(self, message: str, *, location: str | None = None, hint: str | None = None) -> None:
        super().__init__(message, location, hint)
        self.message = message
        self.location = location
        self.hint = hint

    def __str__(self) -> str:
        said = f"{self.location}: {self.message}" if self.location else self.message
        return f"{said} - {self.hint}" if self.hint else said


class ValidationError(OrderDeskError):
    """Mend the input: an order document, a time, a number that cannot be read as what it should be."""


class NotFoundError(ValidationError):
    """Name something that exists: an unknown order, case, connection or integration."""


class UnconnectedServiceError(NotFoundError):
    """Connect the service, or cancel there yourself: the order store names a service that no connection stands for."""


class AmbiguousError(NotFoundError):
    """Say which: a text is the id of one order and the number of another, or several orders have this number.

    `ids` are those that could be meant; `id:` before one of them names it.
    """

    def __init__(
        self, message: str, *, location: str | None = None, hint: str | None = None, ids: tuple[str, ...] = ()
    ) -> None:
        super().__init__(message, location=location, hint=hint)
        self.ids = ids


class NaiveTimeError(ValidationError, ValueError):
    """Give the moment its zone: a datetime without one, of which the SDK would have to guess what it means."""


class SignatureVerificationError(ValidationError):
    """Reject the request with 401: a message that came in is not signed as agreed. Nothing follows from it."""


class ConfigurationError(OrderDeskError):
    """Mend the configuration: a setting, a credential, a host name, a missing extra."""


class InvalidStateError(OrderDeskError):
    """Ask again later or another way: the order or case forbids this now (a resubmit while unsettled, say)."""


class ConflictError(OrderDeskError):
    """Look first: another process or person was faster, or one key was used for two different cancellations.

    Nothing was changed.
    """


class InProgressError(ConflictError):
    """Wait: something else is being done with the order right now, and it passes by itself. Then ask again."""


class PlanChangedError(ConflictError):
    """Look at the new plan: the one that was looked at has changed since, or is too old. Nothing was recorded.

    `plan` is the new one, whose token is good for it.
    """

    def __init__(self, message: str, plan: Plan, *, location: str | None = None, hint: str | None = None) -> None:
        super().__init__(message, location=location, hint=hint)
        self.plan = plan


class StorageError(OrderDeskError):
    """Ledger or order store cannot be read or written: a full disk, a file of a newer version, a locked database."""


class PluginError(OrderDeskError):
    """Report it to the plugin's author: a plugin raised, hung, broke the contract or could not be imported.

    `place` names the distribution and the hook.
    """


def describe_exception(error: BaseException) -> str:
    """Type and words of anybody's exception. A plugin's may raise even while it is being shown."""
    try:
        return "".join((_class_name(error), ": ", str(error)))  # The words may be a text of the plugin's own class.
    except BaseException as another:  # noqa: BLE001 - whatever a foreign __str__ does, the first error is to be told
        return f"{_class_name(error)}, whose words cannot be shown ({_class_name(another)})"


def _class_name(error: BaseException) -> str:
    name: str = type.__dict__["__name__"].__get__(type(error))  # Whatever its metaclass says.
    return name
