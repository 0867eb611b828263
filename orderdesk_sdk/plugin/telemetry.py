"""Spans of what the SDK does, for whoever records them: nothing is recorded, and nothing costs, until somebody does.

    with span("call") as observed:
        ...
        observed.set("outcome", "answered")

The core names a span, says what came of it, and knows no library for it; `desk.open_telemetry` is the recorder over
OpenTelemetry. A span holds names, numbers and closed words: no URL, no header, no body, and no text that a person, a
service or a plugin wrote.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from types import TracebackType
from typing import Protocol

__all__ = ["Recorder", "Span", "attached", "current_context", "record_with", "span"]


class Span(Protocol):
    """Something that is being done."""

    @property
    def is_recorded(self) -> bool:
        """Whether anybody will read it: what is dear to find out need not be set otherwise."""

    def set(self, name: str, value: str | float | None) -> None:
        """Say something of it; None says nothing."""


class Recorder(Protocol):
    """Records spans. What goes wrong in one must not reach whoever works."""

    def span(self, name: str) -> AbstractContextManager[Span]:
        """Something that is done within the block, as part of what this thread does."""

    def context(self) -> object:
        """What this thread does, to be handed to another thread that does a part of it."""

    def attached(self, context: object) -> AbstractContextManager[object]:
        """Within the block, what this thread does is part of that."""


class _NotRecorded:
    """The span of everybody while nobody records."""

    __slots__ = ()

    is_recorded = False

    def __enter__(self) -> _NotRecorded:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let errors through."""

    def set(self, name: str, value: str | float | None) -> None:
        """Forget it."""


_not_recorded = _NotRecorded()
_recorder: Recorder | None = None


def record_with(recorder: Recorder | None) -> Recorder | None:
    """Record the spans of this process from now on; None ends that. Gives back who recorded them before."""
    global _recorder
    before, _recorder = _recorder, recorder
    return before


def span(name: str) -> AbstractContextManager[Span]:
    """Something that is done within the block."""
    return _not_recorded if _recorder is None else _recorder.span(name)


def current_context() -> object:
    """What this thread does, for `attached` in another one; None while nobody records."""
    return None if _recorder is None else _recorder.context()


def attached(context: object) -> AbstractContextManager[object]:
    """Within the block, what this thread does is part of what the context was taken in."""
    return _not_recorded if _recorder is None or context is None else _recorder.attached(context)
