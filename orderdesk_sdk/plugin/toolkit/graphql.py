"""The errors that a GraphQL response states, whatever its HTTP status. Pure.

Source: https://spec.graphql.org/October2021/#sec-Errors; `extensions.code` is a custom that most services keep.
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

from orderdesk_sdk.plugin.toolkit.json_response import MalformedResponseError, TextResponse, json_object

__all__ = ["GraphqlError", "graphql_errors"]


@frozen
class GraphqlError:
    """One error.

    Args:
        message: for a person.
        code: None where it has none.
        path: the response keys that lead to the field that failed; empty for an error of the whole request.
    """

    message: str
    code: str | None = None
    path: tuple[str | int, ...] = ()


def graphql_errors(response: TextResponse) -> tuple[GraphqlError, ...]:
    """The errors of a response. Empty where it states none, and for a body that is not a JSON object.

    An entry of another form is an error too, without code and path.
    """
    try:
        found = json_object(response).get("errors")
    except MalformedResponseError:
        return ()
    if found is None:
        return ()
    return tuple(_error(entry) for entry in found) if isinstance(found, list) else (_error(found),)


def _error(entry: object) -> GraphqlError:
    if not isinstance(entry, Mapping):
        return GraphqlError(str(entry))
    extensions, path = entry.get("extensions"), entry.get("path")
    code = extensions.get("code") if isinstance(extensions, Mapping) else None
    steps = tuple(step for step in path if isinstance(step, str | int)) if isinstance(path, list) else ()
    return GraphqlError(str(entry.get("message", "")), code if isinstance(code, str) else None, steps)
