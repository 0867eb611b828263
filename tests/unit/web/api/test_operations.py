"""The table of operations: everything that is made of it can be made, and the command line has each verb."""

from __future__ import annotations

import re

import click
import pytest

from orderdesk_sdk.cases.access import Role
from orderdesk_sdk.cli.group import orderdesk
from orderdesk_sdk.web.api.openapi import PARAMETER_TEXTS
from orderdesk_sdk.web.api.operation import KeyUse, Method, Operation
from orderdesk_sdk.web.api.operations import OPERATIONS, find_operation

each_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
CHANGES_NOTHING = {"try_rules"}
"""Operations that are POST for their body alone."""


def command_of(words: str) -> click.Command | None:
    """The command that words such as `rules list` name."""
    found: click.Command | None = orderdesk
    for word in words.split():
        found = found.commands.get(word) if isinstance(found, click.Group) else None
    return found


def test_names_and_calls_are_unique() -> None:
    assert len({operation.name for operation in OPERATIONS}) == len(OPERATIONS)
    assert len({(operation.method, operation.path) for operation in OPERATIONS}) == len(OPERATIONS)


@each_operation
def test_the_command_line_has_the_verb_too(operation: Operation) -> None:
    if operation.cli_command is None:
        assert operation.name == "get_openapi"
        return
    assert command_of(operation.cli_command) is not None, f"orderdesk {operation.cli_command}"


@each_operation
def test_what_changes_something_takes_an_idempotency_key(operation: Operation) -> None:
    changes = operation.method is Method.POST and operation.name not in CHANGES_NOTHING
    assert (operation.key_use is not KeyUse.NONE) == changes


@each_operation
def test_a_viewer_changes_nothing(operation: Operation) -> None:
    if operation.key_use is not KeyUse.NONE:
        assert operation.role.allows(Role.OPERATOR)


@each_operation
def test_parameters_of_a_path_are_described(operation: Operation) -> None:
    assert set(operation.parameters) <= set(PARAMETER_TEXTS)
    assert re.fullmatch(r"(/[a-z.-]+|/\{[a-z]+\})+", operation.path)


@each_operation
def test_nothing_that_is_given_names_who_asks(operation: Operation) -> None:
    given = {
        name
        for cls in (operation.request, operation.query)
        if cls is not None
        for name in getattr(cls, "__annotations__", {})
    }
    assert given & {"by", "user", "actor", "caller", "person", "requested_by"} == set()


@pytest.mark.parametrize("name", ["cancel_order", "cancel_bulk", "resubmit_order"])
def test_what_asks_a_service_for_something_needs_a_key(name: str) -> None:
    assert find_operation(name).key_use is KeyUse.REQUIRED


def test_an_unknown_name_is_none() -> None:
    with pytest.raises(KeyError):
        find_operation("refund_order")
