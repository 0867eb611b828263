"""The OpenAPI document: sound by itself, and whole."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from orderdesk_sdk.web.api.openapi import openapi_document
from orderdesk_sdk.web.api.openapi_links import LINKS
from orderdesk_sdk.web.api.operation import PREFIX, Operation
from orderdesk_sdk.web.api.operations import OPERATIONS, find_operation

each_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)


def described(operation: Operation) -> dict[str, Any]:
    """What the document says of an operation."""
    whole: Any = openapi_document(OPERATIONS)
    found: dict[str, Any] = whole["paths"][PREFIX + operation.path][operation.method.value.lower()]
    return found


def schemas_in(value: object) -> Iterator[dict[str, Any]]:
    """Every schema of the document, wherever it stands."""
    if isinstance(value, dict):
        if "schema" in value and isinstance(value["schema"], dict):
            yield value["schema"]
        for inner in value.values():
            yield from schemas_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from schemas_in(inner)


def components() -> dict[str, Any]:
    whole: Any = openapi_document(OPERATIONS)
    found: dict[str, Any] = whole["components"]["schemas"]
    return found


def test_every_schema_is_one() -> None:
    for schema in [*schemas_in(openapi_document(OPERATIONS)), *components().values()]:
        jsonschema.Draft202012Validator.check_schema(schema)


def test_every_reference_leads_somewhere() -> None:
    references = set(re.findall(r"'\$ref': '#/components/schemas/(\w+)'", str(openapi_document(OPERATIONS))))
    assert references
    assert references <= set(components())
    assert "'$ref': 'http" not in str(openapi_document(OPERATIONS))
    unused = set(components()) - references
    assert unused == set()


@each_operation
def test_an_operation_says_what_it_takes_and_gives(operation: Operation) -> None:
    found = described(operation)
    assert found["operationId"] == operation.name
    named = {parameter["name"] for parameter in found["parameters"] if parameter["in"] == "path"}
    assert named == set(operation.parameters) == set(re.findall(r"\{(\w+)\}", operation.path))
    assert ("requestBody" in found) == (operation.request is not None)
    assert set(found["responses"]) == {str(status.value) for status in (operation.status, *operation.all_errors())}


@each_operation
def test_links_lead_to_operations_and_fill_their_parameters(operation: Operation) -> None:
    for link in LINKS.get(operation.name, ()):
        target = find_operation(link.operation)
        assert set(link.parameters) == set(target.parameters)
        for name in link.body:
            properties = described(target)["requestBody"]["content"]["application/json"]["schema"]["properties"]
            assert name in properties


def test_keys_of_requests_are_closed() -> None:
    for operation in OPERATIONS:
        if operation.request is not None:
            schema = described(operation)["requestBody"]["content"]["application/json"]["schema"]
            assert schema["additionalProperties"] is False


def test_the_document_wants_a_token_everywhere() -> None:
    whole: Any = openapi_document(OPERATIONS)
    assert whole["openapi"].startswith("3.1.")
    assert whole["security"] == [{"token": []}]
    assert all("security" not in described(operation) for operation in OPERATIONS)
