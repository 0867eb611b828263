"""Reading a stranger's mail in a process of its own, so that whatever is in it ends with that process.

Nothing of the mail is looked at here: its bytes go in by a pipe, what it says comes back as JSON.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from orderdesk_sdk.errors import ConfigurationError, InProgressError, ValidationError
from orderdesk_sdk.transport.email.extraction import ExtractedEmail
from orderdesk_sdk.transport.email.mime_parts import require_readable_size, unusable_email_error

__all__ = ["MAX_PROCESSES", "MAX_SECONDS", "extract_in_process"]

MAX_SECONDS = 5
"""How long a mail may take, by the clock and of the processor each."""
MAX_PROCESSES = 2
"""Mails that are read at once."""
_START_SECONDS = 60
"""How long the interpreter may take until it reads, on a machine that is very busy."""
_TURN_SECONDS = 30
"""How long a mail waits for its turn."""
_CHILD = "orderdesk_sdk.transport.email.extraction_child"
_KEPT_VARIABLES = ("SYSTEMROOT", "TMPDIR")
"""What of the environment the process needs; secrets stand in the rest."""
_HINT = "confirm it without the file: give your own word, and say in the note how you know"

_turns = threading.BoundedSemaphore(MAX_PROCESSES)


def extract_in_process(raw: bytes) -> ExtractedEmail:
    """What a mail says, as it came (RFC 5322).

    Raises ValidationError for what is too large, is no mail, or takes more time or memory than it may; InProgressError
    while too many others are being read; ConfigurationError where no process can be started.
    """
    require_readable_size(raw)
    with _turn(), _started() as process:
        try:
            said, _ = process.communicate(raw, MAX_SECONDS)
        except subprocess.TimeoutExpired:
            raise _overrun_error() from None
    if process.returncode != 0:
        raise _overrun_error()
    return _result(said)


@contextmanager
def _turn() -> Iterator[None]:
    if not _turns.acquire(timeout=_TURN_SECONDS):
        raise InProgressError(
            f"{MAX_PROCESSES} e-mails are being read, and no more are read at once", hint="file it again in a minute"
        )
    try:
        yield
    finally:
        _turns.release()


@contextmanager
def _started() -> Iterator[subprocess.Popen[bytes]]:
    """The process, as soon as it is ready to read; it is gone after the block."""
    kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    paths = os.pathsep.join(str(Path(path).absolute()) for path in sys.path if path)
    try:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-P", "-m", _CHILD, str(MAX_SECONDS)],
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**kept, "PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"},
        )
    except OSError as error:
        raise _start_error(error.strerror or type(error).__name__) from None
    with process:
        try:
            _wait_until_ready(process)
            yield process
        finally:
            process.kill()


def _wait_until_ready(process: subprocess.Popen[bytes]) -> None:
    late = threading.Timer(_START_SECONDS, process.kill)
    late.start()
    try:
        is_ready = process.stdout is not None and process.stdout.read(1) == b"\n"
    finally:
        late.cancel()
    if not is_ready:
        process.kill()
        raise _start_error(f"it ended with code {process.wait()} before it had read anything")


def _start_error(why: str) -> ConfigurationError:
    return ConfigurationError(
        f"the mail was not read: the process that reads mails cannot be started: {why}",
        location="the message",
        hint=_HINT,
    )


def _overrun_error() -> ValidationError:
    return unusable_email_error(
        f"the mail cannot be read in {MAX_SECONDS} seconds and 512 MB of memory",
        f"save it without its attachments; or {_HINT}",
    )


def _result(said: bytes) -> ExtractedEmail:
    try:
        document = json.loads(said)
        error = document.get("error")
        if error is None:
            return ExtractedEmail.from_document(document)
        message, hint = str(error["message"]), str(error["hint"])
    except (ValueError, KeyError, TypeError, AttributeError, ValidationError):
        raise _overrun_error() from None
    raise unusable_email_error(message, hint)
