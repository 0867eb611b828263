"""What a command prints when an unexpected error ends it: what happened, and what to do."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

from orderdesk_sdk.errors import describe_exception

__all__ = ["print_error", "explain_unexpected_error"]

TRACEBACK_VARIABLE = "ORDERDESK_TRACEBACK"
"""The environment variable that shows the traceback, for bug reports."""


def explain_unexpected_error(error: Exception) -> tuple[str, str]:
    """What an unexpected error means, and what to do about it."""
    if os.environ.get(TRACEBACK_VARIABLE):
        raise error
    if not _has_working_directory():
        return "the current folder does not exist any more", "change to a folder that exists"
    match error:
        case MemoryError() | RecursionError():
            return (
                f"the input is too large for this machine ({describe_exception(error)})",
                "split the input into smaller parts",
            )
        case OSError(strerror=str(reason)):
            place = f"{error.filename}: " if error.filename is not None else "input or output: "
            return (
                f"{place}{reason}",
                "check the path, its permissions and the free space, then try again",
            )
        case RuntimeError() if sys.stdin is None or sys.stdin.closed:
            return "standard input is closed", "name a file, or provide standard input"
        case _:
            return (
                f"unexpected error ({describe_exception(error)})",
                f"run the command again with {TRACEBACK_VARIABLE}=1 set, and report the traceback",
            )


def print_error(message: str, hint: str) -> None:
    """Print an error to stderr, if possible, and discard all later output to a stream that is full or closed."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()
    with suppress(OSError, ValueError, AttributeError):  # Else Python reports the same error again at exit.
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
