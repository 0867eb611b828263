"""The process that reads mails, with a reader that takes what the mail names, as a flaw in a library might."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from orderdesk_sdk.errors import ValidationError
from orderdesk_sdk.transport.email import extraction_child
from orderdesk_sdk.transport.email.extraction import ExtractedEmail


def take(raw: bytes) -> ExtractedEmail:
    """Whatever the mail, which is one word, asks for."""
    match raw:
        case b"memory":
            bytearray(2 * extraction_child.MAX_MEMORY)
        case b"processor":
            while True:
                pass
        case b"time":
            time.sleep(600)
        case b"crash":
            os.abort()
        case b"file":
            Path(os.environ.get("TMPDIR", "/tmp"), "written").write_bytes(b"x")  # noqa: S108 - it must not be written
        case b"junk":
            sys.stdout.write("no document")
        case _:
            raise ValidationError(" ".join(sorted(os.environ)), hint="-")
    return ExtractedEmail((), (), "", (), None, None, (), None, "")


extraction_child.__dict__["extract_email"] = take
extraction_child.main(int(sys.argv[1]))
