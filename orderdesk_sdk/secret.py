"""A value that can be used but not seen."""

from __future__ import annotations

__all__ = ["HIDDEN", "Secret"]

HIDDEN = "[hidden]"
"""What stands in every output where a secret was."""


class Secret:
    """A secret text, such as a token. `repr`, `str` and formatting show `[hidden]`; only `reveal()` gives the text."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The secret itself: for the one place that puts it on the wire."""
        return self._text

    def __repr__(self) -> str:
        return f"Secret({HIDDEN})"

    def __str__(self) -> str:
        return HIDDEN

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash((Secret, self._text))

    def __reduce__(self) -> str:
        # A pickled secret would leave the process in clear text.
        raise TypeError("a Secret cannot be pickled; pass the reference to it (an environment variable's name) instead")
