"""Cassettes: exchanges with a service on disk, scrubbed, with their provenance, replayed once each without a network.

The files are vcrpy's, in plain YAML, with two more blocks at the top: `provenance` and `setup`. JSON bodies are
indented so that a difference can be read; nothing else of them changes.
"""

from __future__ import annotations

import enum
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

import yaml
from attrs import frozen
from vcr.cassette import Cassette
from vcr.filters import decode_response
from vcr.matchers import host, method, path, query
from vcr.persisters.filesystem import CassetteNotFoundError
from vcr.record_mode import RecordMode
from vcr.request import Request

from orderdesk_devkit.testing.network import no_network
from orderdesk_devkit.testing.scrubbing import Scrubber
from orderdesk_sdk.errors import ConfigurationError, PluginError

__all__ = [
    "CassetteMismatch",
    "CassetteHeader",
    "Provenance",
    "CassetteSetup",
    "Source",
    "read_header",
    "record",
    "replay",
]

_KEYS = {"version", "provenance", "setup", "interactions"}


class Source(enum.Enum):
    """What a cassette was recorded against."""

    SIMULATOR = "simulator"
    LIVE = "live"


@frozen
class Provenance:
    """Where a cassette comes from.

    Args:
        service_version: of the service's API, in the plugin's words.
        sdk: ours.
    """

    source: Source
    integration: str
    service_version: str
    recorded_at: date
    sdk: str


@frozen
class CassetteSetup:
    """What stood there when recording began, so that a replay can begin alike.

    Args:
        clock: the time then, aware.
        order: its number.
        added_at: when the host got it.
        submitted_at: when the service did; both aware.
        lines: (code, quantity).
        details: what else of Order Desk's order object the scenario names.
        settings: those that are neither secret nor host and were not left at their default, as they were configured.
    """

    clock: datetime
    order: str
    added_at: datetime
    submitted_at: datetime
    lines: tuple[tuple[str, int], ...]
    details: Mapping[str, object]
    settings: Mapping[str, object]


@frozen
class CassetteHeader:
    """What stands at the top of a cassette."""

    provenance: Provenance
    setup: CassetteSetup


class CassetteMismatch(AssertionError):
    """What was played is not what was recorded: a request too many, or a recorded exchange that nobody asked for."""


@contextmanager
def record(file: Path, header: CassetteHeader, scrubber: Scrubber) -> Iterator[None]:
    """Record every exchange of this process into `file`, in place of what it held; nothing is written on an error.

    Raises PluginError for a body that is no text, because nobody could say what is in it, and CassetteMismatch where no
    exchange was seen at all.
    """
    kept = _File(file, scrubber, header)
    use = _Tape.use(
        path=str(file),
        persister=kept,
        record_mode=RecordMode.ALL,
        before_record_request=kept.clean,
        match_on=(*_MATCHERS, body),
    )
    with use as tape:
        yield
    if not len(tape):
        raise CassetteMismatch(f"{file.name}: nothing was said, so there is nothing to record")
    kept.save(tape.requests, tape.responses)


@contextmanager
def replay(file: Path, scrubber: Scrubber) -> Iterator[None]:
    """Answer every request of this process from `file`, each recorded exchange once, in the order of recording.

    Requests are matched by method, host, path, query and body; the moments in the bodies of a live recording are not
    compared, because no replay takes as long as the service took. The network is off. Raises CassetteMismatch at the
    end where a request had no answer or an exchange was not used, and names them.
    """
    live = read_header(file).provenance.source is Source.LIVE
    kept = _File(file, scrubber, None)
    use = _Tape.use(
        path=str(file),
        persister=kept,
        record_mode=RecordMode.NONE,
        before_record_request=kept.clean,
        match_on=(*_MATCHERS, body_without_datetimes if live else body),
    )
    with use as tape, no_network() as tried:
        try:
            yield
        finally:
            # Also where the test failed: threads keep their errors, and this one is the cause of what it saw.
            _require_same(file, "was asked, and is not (or no longer) in the cassette", tape.unanswered)
            if tried:
                raise CassetteMismatch(f"{file.name}: {tried[0]}")
        _require_same(file, "is in the cassette, and was not asked", tape.unused)


def _require_same(file: Path, what: str, requests: Sequence[str]) -> None:
    if requests:
        told = "\n".join(
            f"  {request} {what}" + (f", {times} times" if times > 1 else "")
            for request, times in Counter(requests).items()
        )
        raise CassetteMismatch(f"{file.name}:\n{told}\nRemedy: mend the code, or record the cassette again")


def read_header(file: Path) -> CassetteHeader:
    """The provenance and setup of a cassette. Raises ConfigurationError where it has none, or is no cassette."""
    try:
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
        if not isinstance(document, dict) or set(document) != _KEYS:
            raise ValueError(f"its top level must hold {', '.join(sorted(_KEYS))} and nothing else")
        told, setup = dict(document["provenance"]), dict(document["setup"])
        read = CassetteHeader(
            Provenance(
                source=Source(told.pop("source")),
                integration=_text(told, "integration"),
                service_version=_text(told, "service_version"),
                recorded_at=_typed(told, "recorded_at", date),
                sdk=_text(told, "sdk"),
            ),
            CassetteSetup(
                clock=_typed(setup, "clock", datetime),
                order=_text(setup, "order"),
                added_at=_typed(setup, "added_at", datetime),
                submitted_at=_typed(setup, "submitted_at", datetime),
                lines=tuple((str(code), int(quantity)) for code, quantity in setup.pop("lines")),
                details=_typed(setup, "details", dict),
                settings=_typed(setup, "settings", dict),
            ),
        )
        if told or setup:
            raise ValueError(f"unknown keys {', '.join((*told, *setup))}")
    except OSError as error:
        raise ConfigurationError(f"cannot be read: {error.strerror}", location=str(file), hint=_HINT) from None
    except (KeyError, TypeError, ValueError, yaml.YAMLError) as error:
        raise ConfigurationError(f"is no cassette of ours: {error}", location=str(file), hint=_HINT) from None
    return read


_HINT = "record it again by name: python -m orderdesk_devkit.testing.record SLUG SCENARIO"


def _typed(table: dict[str, Any], name: str, kind: type) -> Any:
    value = table.pop(name)
    if not isinstance(value, kind) or (kind is date and isinstance(value, datetime)):
        raise TypeError(f"{name} must be a {kind.__name__}, not {value!r}")
    if isinstance(value, datetime) and value.tzinfo is None:
        raise ValueError(f"{name} has no time zone")
    return value


def _text(table: dict[str, Any], name: str) -> str:
    text: str = _typed(table, name, str)
    if not text.strip():
        raise ValueError(f"{name} is empty")
    return text


class _Tape(Cassette):  # type: ignore[misc]  # vcrpy has no types
    """vcrpy's cassette, which also remembers what it could not answer."""

    def __init__(self, **options: object) -> None:
        super().__init__(**options)
        self.unanswered: list[str] = []

    def can_play_response_for(self, request: Request) -> bool:
        can = bool(super().can_play_response_for(request))
        if not can and self.write_protected:
            self.unanswered.append(_request_name(self.filter_request(request)))
        return can

    @property
    def unused(self) -> list[str]:
        return [_request_name(request) for index, request in enumerate(self.requests) if not self.play_counts[index]]


def _request_name(request: Request) -> str:
    return f"{request.method} {request.uri}"


class _File:
    """What vcrpy calls a persister: the one place where exchanges come and go between memory and disk."""

    def __init__(self, file: Path, scrubber: Scrubber, header: CassetteHeader | None) -> None:
        self._file = file
        self._scrubber = scrubber
        self._head = header

    def clean(self, request: Request) -> Request:
        """A request as it is stored; requests are compared in this form."""
        body = self._scrubber.body(request.uri, _decoded(request.body or b"", request.uri))
        return Request(
            request.method, self._scrubber.url(request.uri), body, self._scrubber.request_headers(dict(request.headers))
        )

    def load_cassette(self, _path: str, serializer: object) -> tuple[list[Request], list[dict[str, Any]]]:  # noqa: ARG002 - vcrpy's signature
        if self._head is not None:  # Recording begins with nothing, whatever was there.
            raise CassetteNotFoundError
        requests: list[Request] = []
        responses: list[dict[str, Any]] = []
        try:
            for item in yaml.safe_load(self._file.read_text(encoding="utf-8"))["interactions"]:
                request, response = item["request"], item["response"]
                requests.append(Request(request["method"], request["uri"], request["body"], request["headers"]))
                headers = {name: [value] for name, value in response["headers"].items()}
                responses.append({**response, "headers": headers, "body": {"string": response["body"].encode()}})
        except (KeyError, TypeError, AttributeError) as error:
            text = f"an interaction is not as we write it ({type(error).__name__}: {error})"
            raise ConfigurationError(text, location=str(self._file), hint=_HINT) from None
        return requests, responses

    def save_cassette(self, _path: str, exchanges: object, serializer: object) -> None:
        """Nothing: an error in here would leave vcrpy's patches where they are. See `save`."""

    def save(self, requests: Sequence[Request], responses: Sequence[dict[str, Any]]) -> None:
        """Write the exchanges, cleaned. Raises PluginError, and writes nothing, for what cannot be cleaned."""
        assert self._head is not None, "a replay saves nothing"
        pairs = list(zip(requests, map(decode_response, responses), strict=True))
        for request, response in pairs:  # First all secrets are learned, then everything is cleaned of all of them.
            self._scrubber.collect_secrets(
                request.uri, _decoded(response["body"]["string"], request.uri, response["headers"])
            )
        provenance, setup = self._head.provenance, self._head.setup
        document = {
            "version": 1,
            "provenance": {
                "source": provenance.source.value,
                "integration": provenance.integration,
                "service_version": provenance.service_version,
                "recorded_at": provenance.recorded_at,
                "sdk": provenance.sdk,
            },
            "setup": {
                "clock": setup.clock,
                "order": setup.order,
                "added_at": setup.added_at,
                "submitted_at": setup.submitted_at,
                "lines": [list(line) for line in setup.lines],
                "details": self._scrubber.plain(setup.details),
                "settings": self._scrubber.plain(setup.settings),
            },
            "interactions": [self._interaction(self.clean(request), response) for request, response in pairs],
        }
        self._file.parent.mkdir(parents=True, exist_ok=True)
        text = yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)
        self._file.write_text(text, encoding="utf-8")

    def _interaction(self, request: Request, response: Mapping[str, Any]) -> dict[str, Any]:
        headers = {name: ", ".join(values) for name, values in response["headers"].items()}
        body = self._scrubber.body(request.uri, _decoded(response["body"]["string"], request.uri, response["headers"]))
        return {
            "request": {
                "method": request.method,
                "uri": request.uri,
                "headers": dict(request.headers),
                "body": _readable(_decoded(request.body or b"", request.uri)),
            },
            "response": {
                "status": dict(response["status"]),
                "headers": self._scrubber.response_headers(headers),
                "body": _readable(body),
            },
        }


def _decoded(body: bytes, location: str, headers: Mapping[str, object] | None = None) -> str:
    try:
        if not any(name.lower() == "content-encoding" for name in headers or {}):
            return body.decode("utf-8")
    except UnicodeDecodeError:
        pass  # Said below, together with what could not be decompressed.
    raise PluginError(
        "its body is no text, so nobody can say what is in it; nothing was recorded",
        location=location.partition("?")[0],
        hint="ask for JSON or another text; binary bodies cannot be scrubbed",
    )


def _readable(text: str) -> str:
    try:
        return json.dumps(json.loads(text), indent=1, ensure_ascii=False) if text[:1] in ("{", "[") else text
    except ValueError:
        return text


def body(ours: Request, theirs: Request) -> None:
    """vcrpy's matcher for bodies that were cleaned: as JSON where both are."""
    one, other = (_comparable(request.body or b"") for request in (ours, theirs))
    if one != other:
        raise AssertionError(f"{one!r} != {other!r}")


def body_without_datetimes(ours: Request, theirs: Request) -> None:
    """vcrpy's matcher for bodies of requests that were made while real time passed."""
    one, other = (_DATETIME.sub(b"a moment", request.body or b"") for request in (ours, theirs))
    if _comparable(one) != _comparable(other):
        raise AssertionError(f"{one!r} != {other!r}")


_DATETIME = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?")


def _comparable(text: bytes) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return text


_MATCHERS = (method, host, path, query)


class _Dumper(yaml.SafeDumper):
    """Plain YAML: texts of several lines as they are read, and no aliases."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - PyYAML's signature
        return True


def _represented(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _represented)
