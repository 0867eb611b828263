"""Checking against a vendor's own file: what is found wrong, and that a check which cannot run is told aloud."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from orderdesk_devkit.testing.specs import VARIABLE, OpenApiModel, SpecMismatch, SwaggerModel, vendor_file
from orderdesk_sdk.errors import ConfigurationError, NotFoundError

MODEL = {
    "swagger": "2.0",
    "parameters": {"Page": {"in": "query", "name": "page", "type": "string", "required": True, "maxLength": 3}},
    "paths": {
        "/orders/{id}": {
            "parameters": [{"in": "path", "name": "id", "type": "string", "required": True}],
            "get": {
                "parameters": [{"$ref": "#/parameters/Page"}],
                "responses": {
                    "200": {"schema": {"$ref": "#/definitions/Order"}, "headers": {"X-Request": {"type": "string"}}},
                    "204": {"description": "gone"},
                },
            },
            "put": {
                "parameters": [
                    {"in": "body", "name": "body", "required": True, "schema": {"$ref": "#/definitions/Order"}}
                ],
                "responses": {},
            },
        }
    },
    "definitions": {
        "Order": {
            "type": "object",
            "required": ["status"],
            "properties": {
                "status": {"type": "string", "enum": ["open", "canceled"]},
                "at": {"type": "string", "format": "date-time"},
                "units": {"type": "integer", "format": "int32"},
            },
        }
    },
}


@pytest.fixture
def model(tmp_path: Path) -> SwaggerModel:
    path = tmp_path / "model.json"
    path.write_text(json.dumps(MODEL), encoding="utf-8")
    return SwaggerModel(path)


def test_a_response_that_fits_passes(model: SwaggerModel) -> None:
    body = {"status": "open", "at": "2026-01-05T09:00:00Z", "units": 3, "more": []}
    model.validate_response("GET", "/orders/{id}", 200, body, {"x-request": "1", "content-type": "application/json"})
    model.validate_response("GET", "/orders/{id}", 204, None)


@pytest.mark.parametrize(
    ("status", "body", "headers", "said"),
    [
        (200, {}, {}, "'status' is a required property"),
        (200, {"status": "lost"}, {}, "at status: 'lost' is not one of"),
        (200, {"status": "open", "at": "yesterday"}, {}, "at at:"),
        (200, {"status": "open", "at": "2026-01-05T09:00:00"}, {}, "at at:"),
        (200, {"status": "open", "units": 2**31}, {}, "at units:"),
        (200, None, {}, "at the top"),
        (200, {"status": "open"}, {"X-Other": "1"}, "X-Other"),
        (204, {}, {}, "has no body"),
        (409, {}, {}, "knows 200, 204"),
    ],
)
def test_a_response_that_does_not_fit_is_told_with_its_place(
    model: SwaggerModel, status: int, body: object, headers: dict[str, str], said: str
) -> None:
    with pytest.raises(SpecMismatch, match="GET /orders") as caught:
        model.validate_response("GET", "/orders/{id}", status, body, headers)
    assert said in str(caught.value)


def test_a_request_that_fits_passes(model: SwaggerModel) -> None:
    model.validate_request("get", "/orders/{id}", path={"id": "A"}, query={"page": "1"})
    model.validate_request("put", "/orders/{id}", path={"id": "A"}, body={"status": "open"})


@pytest.mark.parametrize(
    ("method", "query", "body", "said"),
    [
        ("get", {}, None, "page is required"),
        ("get", {"page": "1000"}, None, "too long"),
        ("get", {"page": "1", "size": "9"}, None, "no query parameter size"),
        ("get", {"page": "1"}, {}, "the request has one"),
        ("put", {}, None, "body"),
        ("put", {}, {"status": 1}, "at status"),
    ],
)
def test_a_request_that_does_not_fit_is_told(
    model: SwaggerModel, method: str, query: dict[str, str], body: object, said: str
) -> None:
    with pytest.raises(SpecMismatch) as caught:
        model.validate_request(method, "/orders/{id}", path={"id": "A"}, query=query, body=body)
    assert said in str(caught.value)


def test_a_path_parameter_is_required_and_an_operation_must_exist(model: SwaggerModel) -> None:
    with pytest.raises(SpecMismatch, match="id is required"):
        model.validate_request("get", "/orders/{id}", query={"page": "1"})
    with pytest.raises(NotFoundError, match="no such operation"):
        model.validate_request("delete", "/orders/{id}")


def test_a_file_that_is_no_swagger_document_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.json"
    path.write_text('{"openapi": "3.1.0"}', encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"other\.json"):
        SwaggerModel(path)


def test_the_file_is_found_below_the_named_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "acme").mkdir()
    (tmp_path / "acme" / "v1.json").touch()
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    assert vendor_file("acme", "v1.json") == tmp_path / "acme" / "v1.json"
    with pytest.raises(ConfigurationError, match=r"v2\.json"):
        vendor_file("acme", "v2.json")


@pytest.mark.slow
def test_without_the_variable_the_test_is_skipped_and_the_summary_says_so_even_when_quiet(tmp_path: Path) -> None:
    test = tmp_path / "test_one.py"
    test.write_text(
        "from orderdesk_devkit.testing.specs import vendor_file\n"
        "def test_one() -> None:\n    vendor_file('acme', 'v1.json')\n"
        "def test_two() -> None:\n    vendor_file('acme', 'v1.json')\n"
        "import pytest\n"
        "from orderdesk_devkit.testing.report_keys import BROWSER_SKIP\n"
        "def test_three() -> None:\n    pytest.skip(f'{BROWSER_SKIP}there is no chromium')\n"
        "def test_four() -> None:\n    pytest.skip('not on this system')\n",
        encoding="utf-8",
    )
    environment = {name: value for name, value in os.environ.items() if name not in {VARIABLE, "PYTEST_ADDOPTS"}}
    # Named rather than found by its entry point, so that a checkout that was never installed can run this too.
    environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "orderdesk_devkit.testing.pytest_plugin",
        "-c",
        os.devnull,
        str(test),
    ]
    run = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "4 skipped" in run.stdout
    assert "WARNING: 2 skipped, not checked against the vendor: ORDERDESK_SPECS is not set" in run.stdout
    assert "WARNING: 1 skipped, not seen in a browser: there is no chromium" in run.stdout
    assert run.stdout.count("WARNING: ") == 2, "a skip that may go unseen is not said"


OPEN_API = """
openapi: 3.1.0
paths:
  /orders/:
    get:
      parameters:
      - {name: key, in: query, required: true, schema: {type: string, enum: [po, own]}}
      - $ref: '#/components/parameters/Page'
      responses:
        '200':
          content: {application/json: {schema: {$ref: '#/components/schemas/Order'}}}
        '204': {description: gone}
    post:
      requestBody:
        required: true
        content: {application/x-www-form-urlencoded: {schema: {type: object, required: [id]}}}
      responses: {}
components:
  parameters:
    Page: {name: page, in: query, schema: {type: string, maxLength: 3}}
  schemas:
    Order:
      type: object
      required: [status]
      properties:
        status: {type: string, enum: [open, canceled], nullable: true}
        units: {type: integer}
"""


@pytest.fixture
def open_api(tmp_path: Path) -> OpenApiModel:
    path = tmp_path / "model.yaml"
    path.write_text(OPEN_API, encoding="utf-8")
    return OpenApiModel(path)


def test_what_fits_an_openapi_model_passes(open_api: OpenApiModel) -> None:
    open_api.validate_request("GET", "/orders/", query={"key": "po", "page": "1"})
    open_api.validate_request("POST", "/orders/", body={"id": "A"})
    open_api.validate_response("GET", "/orders/", 200, {"status": None, "units": 1})
    open_api.validate_response("GET", "/orders/", 204, None)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({}, "key is required"),
        ({"key": "x"}, "'x' is not one of"),
        ({"key": "po", "page": "1000"}, "too long"),
        ({"key": "po", "size": "1"}, "no query parameter size"),
    ],
)
def test_a_query_that_does_not_fit_an_openapi_model_is_told(
    open_api: OpenApiModel,
    query: dict[str, str],
    said: str,
) -> None:
    with pytest.raises(SpecMismatch) as caught:
        open_api.validate_request("GET", "/orders/", query=query)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (200, {}, "'status' is a required property"),
        (200, {"status": "lost"}, "at status"),
        (200, {"status": "open", "units": None}, "at units"),
        (204, {}, "has no body"),
        (404, {}, "knows 200, 204"),
    ],
)
def test_an_answer_that_does_not_fit_an_openapi_model_is_told(
    open_api: OpenApiModel,
    status: int,
    body: object,
    said: str,
) -> None:
    with pytest.raises(SpecMismatch) as caught:
        open_api.validate_response("GET", "/orders/", status, body)
    assert said in str(caught.value)


def test_a_body_that_an_openapi_model_wants_must_be_there_and_whole(open_api: OpenApiModel) -> None:
    bodies: tuple[object, ...] = (None, {})
    for body in bodies:
        with pytest.raises(SpecMismatch, match="POST /orders/ body"):
            open_api.validate_request("POST", "/orders/", body=body)
    with pytest.raises(SpecMismatch, match="the request has one"):
        open_api.validate_request("GET", "/orders/", query={"key": "po"}, body={})


def test_a_yaml_file_of_another_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.yaml"
    path.write_text("openapi: 3.0.3\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"other\.yaml"):
        OpenApiModel(path)
