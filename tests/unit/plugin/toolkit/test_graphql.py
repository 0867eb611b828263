"""What went wrong at a GraphQL service is read from the reply's errors, however they look."""

from __future__ import annotations

import httpx
import pytest

from orderdesk_sdk.plugin.toolkit.graphql import GraphqlError, graphql_errors


def test_an_error_has_its_message_code_and_path() -> None:
    entry = {"message": "Denied", "extensions": {"code": "ACCESS_DENIED"}, "path": ["orders", 0, "id"]}
    found = graphql_errors(httpx.Response(200, json={"data": None, "errors": [entry, {"message": "?"}]}))
    assert found == (GraphqlError("Denied", "ACCESS_DENIED", ("orders", 0, "id")), GraphqlError("?"))


@pytest.mark.parametrize("body", [b'{"data": {}}', b'{"errors": null}', b'{"errors": []}', b"<html>", b"", b"[]"])
def test_a_reply_without_errors_has_none(body: bytes) -> None:
    assert graphql_errors(httpx.Response(200, content=body)) == ()


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b'{"errors": "Not Found"}', GraphqlError("Not Found")),
        (b'{"errors": ["odd"]}', GraphqlError("odd")),
        (b'{"errors": [{"message": "m", "extensions": [], "path": "p"}]}', GraphqlError("m")),
        (b'{"errors": [{"message": "m", "extensions": {"code": 7}}]}', GraphqlError("m")),
    ],
)
def test_errors_of_another_shape_are_errors_all_the_same(body: bytes, error: GraphqlError) -> None:
    assert graphql_errors(httpx.Response(200, content=body)) == (error,)
