"""The process that answers strangers: it leaves no core dump, writes private files, and says when its Python is old."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

__all__ = ["harden_process", "old_python_warning"]

LEAST_PATCH: Mapping[tuple[int, int], int] = {(3, 11): 10, (3, 12): 5, (3, 13): 0}
"""Per release of Python the first patch release that refuses line breaks in the headers of e-mails (CVE-2024-6923,
https://github.com/python/cpython/issues/121650). Ours are checked before; older ones lack other mends as well."""


def harden_process() -> None:
    """Make no core dumps, which would have secrets in them, and let only this user read the files that are made."""
    os.umask(0o077)
    try:
        import resource
    except ImportError:
        return  # Windows, which has neither these limits nor core dumps of this kind.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def old_python_warning(version: tuple[int, int, int] | None = None) -> str | None:
    """What to say about a Python that lacks mends of known holes; None: nothing.

    Args:
        version: None: of this process.
    """
    major, minor, patch = version or sys.version_info[:3]
    least = LEAST_PATCH.get((major, minor), 0)
    if patch >= least:
        return None
    return (
        f"this is Python {major}.{minor}.{patch}, which has holes that {major}.{minor}.{least} mends:"
        " install its newest patch release"
    )
