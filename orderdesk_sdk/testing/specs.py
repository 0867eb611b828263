"""A vendor's own machine-readable file, found through ORDERDESK_SPECS, as judge of requests and responses."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import pytest
from jsonschema import Draft4Validator, FormatChecker

from orderdesk_sdk.errors import ConfigurationError, NotFoundError
from orderdesk_sdk.testing.plugin import LOUD

__all__ = ["VARIABLE", "SpecMismatch", "SwaggerModel", "vendor_file"]

VARIABLE = "ORDERDESK_SPECS"
"""The environment variable that names the folder with one folder per vendor, such as `amazon/`."""


def vendor_file(*parts: str) -> Path:
    """The path of a vendor's file, such as `vendor_file("amazon", "ordersV0.json")`.

    Skips the test, aloud, where ORDERDESK_SPECS is not set. Raises ConfigurationError where it is set and the file is
    not there: whoever set it wants the check.
    """
    folder = os.environ.get(VARIABLE)
    if not folder:
        pytest.skip(f"{LOUD}{VARIABLE} is not set, so there is no {'/'.join(parts)}")
    found = Path(folder).joinpath(*parts)
    if not found.is_file():
        raise ConfigurationError("there is no such file", place=str(found), remedy=f"download it, or unset {VARIABLE}")
    return found


class SpecMismatch(AssertionError):
    """A request or response is not what the vendor's model says."""


class SwaggerModel:
    """A Swagger 2.0 document as judge of requests and responses, each named by method and path template."""

    def __init__(self, path: Path) -> None:
        self._name = path.name
        document = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(document, dict) or document.get("swagger") != "2.0":
            raise ConfigurationError("is no Swagger 2.0 document", place=str(path))
        self._document: dict[str, object] = document

    def validate_response(
        self,
        method: str,
        path_template: str,
        status: int,
        body: object,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Check a decoded JSON body (None for an empty one) and, where given, the headers of a response.

        Of the headers only `x-` ones are judged: each must be one the model lists for that status. Raises SpecMismatch.
        """
        where = f"{self._name}: {method.upper()} {path_template} -> {status}"
        responses = _table(self._operation(method, path_template), "responses")
        if str(status) not in responses:
            raise SpecMismatch(f"{where}: the model knows {', '.join(responses)}")
        response = _table(responses, str(status))
        if "schema" in response:
            self._check(where, response["schema"], body)
        elif body is not None:
            raise SpecMismatch(f"{where}: the model has no body")
        listed = {name.lower() for name in _table(response, "headers")}
        stray = sorted(name for name in headers or {} if name.lower().startswith("x-") and name.lower() not in listed)
        if stray:
            raise SpecMismatch(f"{where}: the model does not list the headers {', '.join(stray)}")

    def validate_request(
        self,
        method: str,
        path_template: str,
        *,
        path: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        body: object = None,
    ) -> None:
        """Check a request: path parameters (decoded), query, and the decoded JSON body (None for no body).

        A parameter or body that the model does not have is a mismatch as well as one that lacks. Raises SpecMismatch.
        """
        where = f"{self._name}: {method.upper()} {path_template}"
        given = {"path": path or {}, "query": query or {}}
        known: dict[str, set[str]] = {"path": set(), "query": set()}
        takes_body = False
        for parameter in self._parameters(method, path_template):
            place, name = str(parameter["in"]), str(parameter["name"])
            if place == "body":
                takes_body = True
                if body is not None or parameter.get("required"):
                    self._check(f"{where} body", parameter.get("schema", {}), body)
            elif place in given:
                known[place].add(name)
                if name in given[place]:
                    self._check(f"{where} {place} {name}", _text_schema(parameter), given[place][name])
                elif parameter.get("required"):
                    raise SpecMismatch(f"{where}: the {place} parameter {name} is required")
        if body is not None and not takes_body:
            raise SpecMismatch(f"{where}: the model has no body, the request has one")
        for place, names in known.items():
            if stray := sorted(set(given[place]) - names):
                raise SpecMismatch(f"{where}: the model has no {place} parameter {', '.join(stray)}")

    def _operation(self, method: str, path_template: str) -> dict[str, object]:
        operation = _table(_table(_table(self._document, "paths"), path_template), method.lower())
        if not operation:
            raise NotFoundError("the model has no such operation", place=f"{self._name}: {method} {path_template}")
        return operation

    def _parameters(self, method: str, path_template: str) -> list[dict[str, object]]:
        """Those of the path first, then those of the operation, references followed."""
        shared = _table(_table(self._document, "paths"), path_template).get("parameters", [])
        own = self._operation(method, path_template).get("parameters", [])
        found: list[dict[str, object]] = []
        for parameter in [*_items(shared), *_items(own)]:
            reference = parameter.get("$ref")
            name = str(reference).rpartition("/")[2]
            found.append(_table(_table(self._document, "parameters"), name) if reference else parameter)
        return found

    def _check(self, where: str, schema: object, value: object) -> None:
        # Swagger 2.0 schemas are JSON Schema draft 4 with references from the document's root.
        whole = {"allOf": [schema], "definitions": self._document.get("definitions", {})}
        errors = sorted(Draft4Validator(whole, format_checker=_FORMATS).iter_errors(value), key=lambda e: list(e.path))
        if errors:
            told = "; ".join(f"at {'/'.join(map(str, error.path)) or 'the top'}: {error.message}" for error in errors)
            raise SpecMismatch(f"{where}: {told}")


_FORMATS = FormatChecker(formats=())


@_FORMATS.checks("date-time", raises=ValueError)
def _is_moment(value: object) -> bool:
    """RFC 3339 demands a zone."""
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


@_FORMATS.checks("int32")
def _is_int32(value: object) -> bool:
    return not isinstance(value, int) or -(2**31) <= value < 2**31


def _table(parent: dict[str, object], key: str) -> dict[str, object]:
    """The object under `key`; an empty one where there is none."""
    found = parent.get(key)
    return found if isinstance(found, dict) else {}


def _items(value: object) -> list[dict[str, object]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _text_schema(parameter: Mapping[str, object]) -> dict[str, object]:
    """The schema of a parameter that travels as text, so that its length, pattern, words and format can be judged."""
    kept = ("maxLength", "minLength", "pattern", "enum", "format")
    return {"type": "string"} | {key: parameter[key] for key in kept if key in parameter}
