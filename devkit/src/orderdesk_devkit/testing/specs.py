"""A vendor's own machine-readable file, found through ORDERDESK_SPECS, as judge of requests and responses."""

from __future__ import annotations

import json
import os
from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import ClassVar

import pytest
import yaml
from jsonschema import Draft4Validator, Draft202012Validator, FormatChecker

from orderdesk_devkit.testing.report_keys import LOUD
from orderdesk_sdk.errors import ConfigurationError, NotFoundError

__all__ = ["VARIABLE", "OpenApiModel", "SpecMismatch", "SwaggerModel", "VendorModel", "vendor_file"]

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


class VendorModel(ABC):
    """A vendor's document as judge of requests and responses, each named by method and path template."""

    validator: ClassVar[type[Draft4Validator] | type[Draft202012Validator]]
    """The dialect of the document's schemas."""
    shared: ClassVar[str]
    """The document's table that references of schemas lead into."""

    def __init__(self, path: Path, document: object, *, key: str, version: str) -> None:
        self._name = path.name
        if not isinstance(document, dict) or not str(document.get(key)).startswith(version):
            raise ConfigurationError(f"is no {key} {version} document", place=str(path))
        self._document: dict[str, object] = document

    @abstractmethod
    def response_schema(self, response: dict[str, object]) -> object | None:
        """The schema of a response's body; None where it has none."""

    @abstractmethod
    def body_schema(self, operation: dict[str, object], parameters: list[dict[str, object]]) -> tuple[object, bool]:
        """The schema of a request's body, None where it takes none, and whether the body is required."""

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
        schema = self.response_schema(response)
        if schema is not None:
            self._check(where, schema, body)
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
        """Check a request: path parameters (decoded), query, and the decoded body (None for no body).

        A parameter or body that the model does not have is a mismatch as well as one that lacks. Raises SpecMismatch.
        """
        where = f"{self._name}: {method.upper()} {path_template}"
        given = {"path": path or {}, "query": query or {}}
        known: dict[str, set[str]] = {"path": set(), "query": set()}
        parameters = self._parameters(method, path_template)
        for parameter in parameters:
            place, name = str(parameter["in"]), str(parameter["name"])
            if place in given:
                known[place].add(name)
                if name in given[place]:
                    self._check(f"{where} {place} {name}", _text_schema(parameter), given[place][name])
                elif parameter.get("required"):
                    raise SpecMismatch(f"{where}: the {place} parameter {name} is required")
        schema, required = self.body_schema(self._operation(method, path_template), parameters)
        if body is not None and schema is None:
            raise SpecMismatch(f"{where}: the model has no body, the request has one")
        if schema is not None and (body is not None or required):
            self._check(f"{where} body", schema, body)
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
        return [self._followed(parameter) for parameter in [*_items(shared), *_items(own)]]

    def _followed(self, found: dict[str, object]) -> dict[str, object]:
        """What a `#/...` reference leads to; anything else as it is."""
        if "$ref" not in found:
            return found
        target = self._document
        for step in str(found["$ref"]).removeprefix("#/").split("/"):
            target = _table(target, step)
        return target

    def _check(self, where: str, schema: object, value: object) -> None:
        whole = {"allOf": [schema], self.shared: self._document.get(self.shared, {})}
        errors = sorted(self.validator(whole, format_checker=_FORMATS).iter_errors(value), key=lambda e: list(e.path))
        if errors:
            told = "; ".join(f"at {'/'.join(map(str, error.path)) or 'the top'}: {error.message}" for error in errors)
            raise SpecMismatch(f"{where}: {told}")


class SwaggerModel(VendorModel):
    """A Swagger 2.0 document in JSON. Its schemas are JSON Schema draft 4."""

    validator = Draft4Validator
    shared = "definitions"

    def __init__(self, path: Path) -> None:
        super().__init__(path, json.loads(path.read_text(encoding="utf-8")), key="swagger", version="2.0")

    def response_schema(self, response: dict[str, object]) -> object | None:
        return response.get("schema")

    def body_schema(
        self,
        operation: dict[str, object],  # noqa: ARG002 - here the body is a parameter
        parameters: list[dict[str, object]],
    ) -> tuple[object, bool]:
        bodies = [parameter for parameter in parameters if parameter["in"] == "body"]
        return (bodies[0].get("schema", {}), bool(bodies[0].get("required"))) if bodies else (None, False)


class OpenApiModel(VendorModel):
    """An OpenAPI 3.1 document in YAML. Its schemas are JSON Schema 2020-12, and 3.0's `nullable` is understood too.

    Of several media types the first one's schema counts.
    """

    validator = Draft202012Validator
    shared = "components"

    def __init__(self, path: Path) -> None:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        super().__init__(path, _with_nulls(document), key="openapi", version="3.1")

    def response_schema(self, response: dict[str, object]) -> object | None:
        return _content(self._followed(response))

    def body_schema(
        self,
        operation: dict[str, object],
        parameters: list[dict[str, object]],  # noqa: ARG002 - here the body is no parameter
    ) -> tuple[object, bool]:
        body = self._followed(_table(operation, "requestBody"))
        return _content(body), bool(body.get("required"))


def _content(holder: dict[str, object]) -> object | None:
    """The schema of the first media type of a body; None where there is no body."""
    for media in _table(holder, "content").values():
        return media.get("schema", {}) if isinstance(media, dict) else {}
    return None


def _with_nulls(value: object) -> object:
    """The document with `nullable: true` said as 3.1 says it. Vendors kept the word of 3.0, which 3.1 would ignore."""
    if isinstance(value, list):
        return [_with_nulls(item) for item in value]
    if not isinstance(value, dict):
        return value
    made = {key: _with_nulls(item) for key, item in value.items()}
    if made.get("nullable") is True:
        kind, words = made.get("type"), made.get("enum")
        made |= {"type": [kind, "null"]} if isinstance(kind, str) else {}
        made |= {"enum": [*words, None]} if isinstance(words, list) else {}
    return made


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
    schema = parameter.get("schema", parameter)  # OpenAPI 3 has a schema where Swagger 2.0 writes the keys directly.
    found = schema if isinstance(schema, Mapping) else {}
    return {"type": "string"} | {key: found[key] for key in kept if key in found}
