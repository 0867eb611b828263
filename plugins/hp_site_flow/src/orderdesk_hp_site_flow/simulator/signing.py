"""Whether a request is signed: the rule is worked out here once more, apart from the plugin's own."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import unquote

__all__ = ["SECRET", "TOKEN", "fault_of"]

TOKEN = "simulated-token"
SECRET = "simulated-site-flow-secret"

_HASHES = {"SHA256": hashlib.sha256, "SHA1": hashlib.sha1}
"""SHA1 is still accepted; that it is meant where no algorithm is named is inferred from older documentation."""


def fault_of(method: str, raw_path: str, headers: Mapping[str, str]) -> str | None:
    """What is wrong with the signature of a request, or None. raw_path: as it was sent, without the query.

    The timestamp is any text, of any age: the vendor's own clients write it in four ways, and one resends it.
    Only "Token Not Found" is documented; the other texts are the simulator's choice.
    """
    token, colon, signature = headers.get("x-oneflow-authorization", "").partition(":")
    stamp = headers.get("x-oneflow-date", "")
    hashed = _HASHES.get(headers.get("x-oneflow-algorithm", "SHA1").upper())
    if token != TOKEN:
        return "Token Not Found"
    if not colon or not stamp or hashed is None:
        return "SIM: x-oneflow-authorization, x-oneflow-date or x-oneflow-algorithm cannot be read"
    wanted = hmac.new(SECRET.encode(), f"{method.upper()} {unquote(raw_path)} {stamp}".encode(), hashed).hexdigest()
    return None if hmac.compare_digest(wanted.encode(), signature.encode()) else "SIM: the signature is another"
