"""The stream of events."""

from __future__ import annotations

__all__ = ["EventStream"]


class EventStream(str):
    """Server-sent events, each with its `id`, which `Last-Event-ID` takes, and a JSON document as `data`."""

    __slots__ = ()
