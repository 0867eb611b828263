"""What the classes of a declaration demand of their arguments: said where the plugin's author made the mistake."""

from __future__ import annotations

from datetime import timedelta

__all__ = ["require_instance", "require_positive"]


def require_instance(what: str, value: object, *kinds: type) -> None:
    """Raises TypeError, which names `what`, for a value of none of these kinds."""
    if not isinstance(value, kinds):
        names = ", ".join(kind.__name__ for kind in kinds)
        raise TypeError(f"{what} must be an instance of one of {names}, not {value!r}")


def require_positive(what: str, duration: timedelta) -> None:
    """Raises ValueError, which names `what`, for a duration of zero or less."""
    if duration <= timedelta(0):
        raise ValueError(f"{what} must be longer than zero, not {duration}")
