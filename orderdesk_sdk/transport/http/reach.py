"""How far the connections of a client may lead."""

from __future__ import annotations

import enum

__all__ = ["Reach"]


class Reach(enum.Enum):
    """Where the connections of a client may lead."""

    ANYWHERE = "anywhere"
    """To every address: for what orderdesk.toml configures."""
    PUBLIC = "public"
    """To public addresses by https alone: for what is configured at run time."""
    SANDBOX = "sandbox"
    """As PUBLIC, and to this machine itself, also by http: for what is configured in a sandbox at run time."""
