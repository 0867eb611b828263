"""The last words of a command that could not do its work: what went wrong around it, in a line, and what to do."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

from orderdesk_sdk.errors import in_words

__all__ = ["complain", "in_plain_words"]

WHOLE = "ORDERDESK_TRACEBACK"
"""The environment variable that shows the whole error: for whoever reports a bug."""


def in_plain_words(error: Exception) -> tuple[str, str]:
    """What an unforeseen error means to a person, and what to do about it."""
    if os.environ.get(WHOLE):
        raise error
    if not _is_somewhere():
        return "the folder that this was started in is gone", "go into a folder that is there"
    match error:
        case MemoryError() | RecursionError():
            return f"that is more than this machine can take in ({in_words(error)})", "give it in smaller parts"
        case OSError(strerror=str(reason)):
            place = f"{error.filename}: " if error.filename is not None else "input or output: "
            return f"{place}{reason}", "make room, check its path and permissions, and start again"
        case RuntimeError() if sys.stdin is None or sys.stdin.closed:
            return "there is no standard input to read from", "name a file, or give it something on standard input"
        case _:
            return f"something went wrong that should not ({in_words(error)})", f"report it, with {WHOLE}=1 set"


def complain(text: str, remedy: str) -> None:
    """Say it on stderr, where there is one; and let nothing more be written to an output that is full or gone."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()
    with suppress(OSError, ValueError, AttributeError):  # Else Python says at the end once more that it could not.
        sys.stderr.write(f"Error: {_one_line(text)}\nWhat to do: {_one_line(remedy)}\n")
        sys.stderr.flush()
    with suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())


def _is_somewhere() -> bool:
    try:
        Path.cwd()
    except OSError:
        return False
    return True


def _one_line(text: str) -> str:
    return " ".join(text.encode("utf-8", "backslashreplace").decode().split())
