"""What a service says that shows what it was told: secrets in every place of a response, byte for byte."""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Iterable, Mapping, Sequence

from orderdesk_devkit.testing.canary import encoded_forms
from orderdesk_devkit.testing.conformance.baseline_run import RecordedCall
from orderdesk_devkit.testing.raw_server import http_response

__all__ = ["Echo", "echoes"]

Echo = Callable[[bytes], bytes]
"""Given a request, byte for byte, the response to it."""

_EVIDENCE = 16 * 1024
"""Bytes of a body that are kept as evidence (`HttpLimits.evidence_bytes`): what stands across the end is cut."""


def echoes(
    secrets: Sequence[str], seeds: Iterable[RecordedCall], evidence_headers: Iterable[str]
) -> Mapping[str, Echo]:
    """Replies by what they show.

    Args:
        seeds: the service's real responses.
        evidence_headers: those that are kept.
    """
    all_of = " ".join(secrets)
    found: dict[str, Echo] = {
        "error message": lambda request: _json(_errors(f"bad {all_of} in {_text(request)}"), 400),
        "HTML page": lambda request: http_response(500, f"<pre>{_text(request)}{all_of}</pre>".encode()),
        "HTML page that escapes": lambda request: http_response(
            500, f"<pre>{html.escape(_text(request))}</pre>".encode()
        ),
        "JSON text in an error message": lambda request: _json(_errors(json.dumps({"request": _text(request)})), 400),
    }
    fixed = _fixed_echoes(secrets, {name.replace("-", "_"): all_of for name in evidence_headers})
    for number, seed in enumerate(seeds, start=1):
        try:
            document: object = json.loads(seed.body)
        except ValueError:
            continue
        for status in (seed.status, 400):
            body = json.dumps(_text_everywhere(document, secrets[-1])).encode()
            fixed[f"real response {number}, every text the secret, {status}"] = http_response(status, body)
    return {**found, **{name: _always(response) for name, response in fixed.items()}}


def _fixed_echoes(secrets: Sequence[str], kept: Mapping[str, str]) -> dict[str, bytes]:
    """Those that are the same for every request.

    Args:
        kept: the headers that are kept as evidence, all secrets in each.
    """
    all_of, one = " ".join(secrets), secrets[-1]
    forms = {name: " ".join(encoded_forms(secret)[name] for secret in secrets) for name in encoded_forms(one)}
    return {
        "error message that is cut": _json(_errors("x" * 470 + one), 400),
        "not allowed": _json(_errors(all_of), 403),
        "field names": _json({all_of: {one: [all_of]}}, 500),
        "page that evidence cuts": http_response(500, b"x" * (_EVIDENCE - 17) + one.encode() * 3),
        "JSON that evidence cuts": _json({"pad": "x" * (_EVIDENCE - 30), "said": one}, 500),
        "form": http_response(500, f"a=1&said={one}&b={secrets[0]}".encode()),
        "bytes that are no text": http_response(500, b"\xff\xfe" + all_of.encode() + b"\x80"),
        "evidence headers": _json({}, 500, **{"x_request_id": all_of, **kept}),
        "other headers": _json({}, 500, set_cookie=f"s={one}", x_debug=all_of, content_type=all_of),
        "error message in every form": _json(_errors("; ".join(forms.values())), 400),
        "page in every form": http_response(500, f"<p>{'</p><p>'.join(forms.values())}</p>".encode()),
        "wait": _json({}, 429, retry_after=one),
        "redirect": _json({}, 302, location=f"https://elsewhere.invalid/{one}?token={one}"),
        "redirect to nowhere": _json({}, 302, location=f"http://a:{one}:c/"),
        "reason phrase": f"HTTP/1.1 500 {all_of}\r\ncontent-length: 0\r\n\r\n".encode(),
        "no status line": f"HTTP/1.1 {all_of}\r\n\r\n".encode(),
        "no header": f"HTTP/1.1 200 OK\r\n{all_of}\r\n\r\n".encode(),
        "no length": _json({}, 200, content_length=one),
        "no chunk": f"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{one}\r\n".encode(),
        "no gzip": http_response(200, all_of.encode(), content_encoding="gzip"),
        "no encoding": _json({"said": all_of}, 500, content_encoding=one),
    }


def _always(response: bytes) -> Echo:
    def say(_: bytes) -> bytes:
        return response

    return say


def _text_everywhere(value: object, text: str) -> object:
    match value:
        case dict():
            return {key: _text_everywhere(inner, text) for key, inner in value.items()}
        case list():
            return [_text_everywhere(inner, text) for inner in value]
        case str():
            return text
        case _:
            return value


def _text(request: bytes) -> str:
    """What a debugging page shows of a request: all of it."""
    return request.decode("latin-1")


def _json(document: object, status: int, **headers: str) -> bytes:
    return http_response(status, json.dumps(document).encode(), **headers)


def _errors(message: str) -> dict[str, object]:
    return {"errors": [{"code": message, "message": message, "title": message, "detail": message}], "message": message}
