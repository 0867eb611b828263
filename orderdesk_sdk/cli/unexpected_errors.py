"""The last words of a command that could not do its work: what went wrong around it, in a line, and what to do."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

from orderdesk_sdk.errors import describe_exception

__all__ = ["print_error", "explain_unexpected_error"]

TRACEBACK_VARIABLE = "ORDERDESK_TRACEBACK"
"""The environment variable that shows the whole error: for whoever reports a bug."""


def explain_unexpected_error(error: Exception) -> tuple[str, str]:
    """What an unforeseen error means to a person, and what to do about it."""
    if os.environ.get(TRACEBACK_VARIABLE):
        raise error
    if not _has_working_directory():
        return "the folder that this was started in is gone", "go into a folder that is there"
    match error:
        case MemoryError() | RecursionError():
            return (
                f"that is more than this machine can take in ({describe_exception(error)})",
                "give it in smaller parts",
            )
        case OSError(strerror=str(reason)):
            place = f"{error.filename}: " if error.filename is not None else "input or output: "
            return f"{place}{reason}", "make room, check its path and permissions, and start again"
        case RuntimeError() if sys.stdin is None or sys.stdin.closed:
            return "there is no standard input to read from", "name a file, or give it something on standard input"
        case _:
            return (
                f"something went wrong that should not ({describe_exception(error)})",
                f"report it, with {TRACEBACK_VARIABLE}=1 set",
            )


def print_error(message: str, hint: str) -> None:
    """Say it on stderr, where there is one; and let nothing more be written to an output that is full or gone."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()
    with suppress(OSError, ValueError, AttributeError):  # Else Python says at the end once more that it could not.
        sys.stderr.write(f"Error: {_one_line(message)}\nWhat to do: {_one_line(hint)}\n")
        sys.stderr.flush()
    with suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())


def _has_working_directory() -> bool:
    try:
        Path.cwd()
    except OSError:
        return False
    return True


def _one_line(text: str) -> str:
    return " ".join(text.encode("utf-8", "backslashreplace").decode().split())
