"""The process that reads one mail: from stdin, within limits, to JSON on stdout. `extraction_process` starts it.

It writes a line end when it is ready, so that the time an interpreter takes to start is not the mail's.
"""

from __future__ import annotations

import json
import sys
from contextlib import suppress

from orderdesk_sdk.errors import ValidationError
from orderdesk_sdk.transport.email.extraction import extract_email
from orderdesk_sdk.transport.email.mime_parts import MAX_BYTES

__all__ = ["MAX_MEMORY", "main"]

MAX_MEMORY = 512 * 1024 * 1024
"""Bytes of address space."""


def main(seconds: int) -> None:
    """Read the mail on stdin, and tell what it says. Ends by a signal where it takes more than it may.

    Args:
        seconds: of the processor that it may take.
    """
    _limit_resources(seconds)
    sys.stdout.write("\n")
    sys.stdout.flush()
    raw = sys.stdin.buffer.read(MAX_BYTES + 1)
    try:
        document = extract_email(raw).document()
    except ValidationError as error:
        document = {"error": {"message": error.message, "hint": error.hint or ""}}
    sys.stdout.write(json.dumps(document))


def _limit_resources(seconds: int) -> None:
    """Take no more than this from now on, where the system knows such limits; time is limited by the parent too."""
    if sys.platform == "win32":
        return
    import resource  # Not on Windows.

    for kind, most in (
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_AS, MAX_MEMORY),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(kind)[1]
        bounded = most if hard == resource.RLIM_INFINITY else min(most, hard)
        with suppress(ValueError):  # macOS knows a limit of the address space and refuses to set it.
            resource.setrlimit(kind, (bounded, bounded))


if __name__ == "__main__":
    main(int(sys.argv[1]))
