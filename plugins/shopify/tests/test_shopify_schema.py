"""Shopify's own Admin schema, as its developer tool ships it, judges our documents, our enums and the simulator."""

from __future__ import annotations

import fcntl
import gzip
import json
import shutil
import subprocess
import sys
import tarfile
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    build_client_schema,
    is_specified_scalar_type,
    parse,
    validate,
)

import orderdesk_shopify
from orderdesk_devkit.testing.report_keys import VENDOR_SKIP
from orderdesk_shopify import api, requests
from orderdesk_shopify.api import WEBHOOK_EVENTS
from orderdesk_shopify.simulator.schema import schema_of

PACKAGE = "@shopify/dev-mcp@1.16.0"
VERSIONS = ("2025-10", "2026-01", "2026-04", "2026-07", "2026-10")
FOLDER = Path(sys.prefix) / "vendor-files" / PACKAGE.rpartition("/")[2]
"""In the environment, so outside of git, and gone with it."""

SINCE_2026_10 = {"RESULT": api.RESULT, "CANCEL_TO_RESULT": api.CANCEL_TO_RESULT}
EVERYWHERE = {
    name: text
    for name, text in {**vars(api), **vars(requests)}.items()
    if name.isupper() and str(text).lstrip().startswith(("query", "mutation")) and name not in SINCE_2026_10
}

each_version = pytest.mark.parametrize("version", VERSIONS)


@cache
def fetched() -> Path | str:
    """The folder with the schemas, downloaded where they are not there yet; or why they cannot be had."""
    npm = shutil.which("npm")
    if npm is None and not FOLDER.is_dir():
        return "there is no npm to get Shopify's schemas with"
    FOLDER.parent.mkdir(parents=True, exist_ok=True)
    with FOLDER.with_name(f"{FOLDER.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # Of several test processes one downloads.
        return FOLDER if FOLDER.is_dir() else downloaded(str(npm))


def downloaded(npm: str) -> Path | str:
    """The folder with the schemas, which npm has just got; or why it has not."""
    with TemporaryDirectory(dir=FOLDER.parent, ignore_cleanup_errors=True) as name:
        part = Path(name) / "part"
        part.mkdir()
        command = [npm, "pack", PACKAGE, "--silent", "--fetch-retries=0"]
        try:
            subprocess.run(command, cwd=part, check=True, capture_output=True, timeout=120)
        except (subprocess.SubprocessError, OSError) as error:
            return f"npm cannot get {PACKAGE} ({type(error).__name__})"
        (archive,) = part.glob("*.tgz")
        with tarfile.open(archive) as packed:
            for version in VERSIONS:
                found = packed.extractfile(f"package/dist/data/admin_{version}.json.gz")
                assert found is not None
                (part / f"{version}.json.gz").write_bytes(found.read())
        archive.unlink()
        return part.rename(FOLDER)


@cache
def shopify(version: str) -> GraphQLSchema:
    """Shopify's schema of a version."""
    folder = fetched()
    if isinstance(folder, str):
        pytest.skip(f"{VENDOR_SKIP}{folder}")
    document = json.loads(gzip.decompress((folder / f"{version}.json.gz").read_bytes()))
    # Without assume_valid the kept parser refuses it: deprecated fields are not so in the interfaces they belong to.
    return build_client_schema(document.get("data", document), assume_valid=True)


def mistakes(version: str, text: str) -> list[str]:
    return [error.message for error in validate(shopify(version), parse(text))]


@pytest.mark.slow
@each_version
@pytest.mark.parametrize("name", sorted(EVERYWHERE))
def test_a_document_is_valid_in_every_version(name: str, version: str) -> None:
    assert mistakes(version, EVERYWHERE[name]) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(SINCE_2026_10))
def test_the_result_of_a_job_can_be_asked_for_from_2026_10_on_and_not_before(name: str) -> None:
    assert mistakes("2026-10", SINCE_2026_10[name]) == []
    assert mistakes("2026-07", SINCE_2026_10[name]) != []


def test_the_judge_sees_what_is_wrong() -> None:
    assert mistakes("2026-07", api.CANCEL.replace("restock: $restock, ", "")) != []
    assert mistakes("2026-07", api.ORDER.replace("cancelledAt", "canceledAt")) != []


@pytest.mark.slow
@each_version
def test_our_reasons_are_shopifys(version: str) -> None:
    assert {code.code for code in orderdesk_shopify.REASONS} == names(version, "OrderCancelReason")


@each_version
def test_the_errors_that_are_told_apart_exist(version: str) -> None:
    assert {"INTERNAL_ERROR", "NO_REFUND_PERMISSION"} <= names(version, "OrderCancelUserErrorCode")


@each_version
def test_every_webhook_that_is_read_exists(version: str) -> None:
    topics = names(version, "WebhookSubscriptionTopic")
    events = {event.upper() for event in WEBHOOK_EVENTS}
    assert {event for event in events if {f"ORDERS_{event}", f"FULFILLMENT_ORDERS_{event}"} & topics} == events


@each_version
def test_the_states_that_a_fulfillment_order_is_judged_by_exist(version: str) -> None:
    states = {"CANCELLED", "CLOSED", "INCOMPLETE", "IN_PROGRESS", "ON_HOLD", "OPEN", "SCHEDULED"}
    requests = {
        "ACCEPTED",
        "CANCELLATION_ACCEPTED",
        "CANCELLATION_REJECTED",
        "CANCELLATION_REQUESTED",
        "CLOSED",
        "REJECTED",
        "SUBMITTED",
        "UNSUBMITTED",
    }
    assert states == names(version, "FulfillmentOrderStatus")
    assert requests == names(version, "FulfillmentOrderRequestStatus")
    assert {"CANCEL_FULFILLMENT_ORDER", "REQUEST_CANCELLATION"} <= names(version, "FulfillmentOrderAction")
    assert {"CANCELLED", "ERROR", "FAILURE"} <= names(version, "FulfillmentStatus")


def names(version: str, enum: str) -> set[str]:
    found = shopify(version).type_map[enum]
    assert isinstance(found, GraphQLEnumType)
    return set(found.values)


@each_version
def test_what_is_simulated_is_a_part_of_shopifys_schema(version: str) -> None:
    theirs = shopify(version)
    roots = {
        "Query": theirs.query_type.name if theirs.query_type else "",
        "Mutation": theirs.mutation_type.name if theirs.mutation_type else "",
    }
    strange = []
    for name, ours in schema_of(version).type_map.items():
        if name.startswith("__") or is_specified_scalar_type(ours):
            continue
        real = theirs.type_map.get(roots.get(name, name))
        if type(real) is not type(ours):
            strange.append(name)
        elif isinstance(ours, GraphQLEnumType) and isinstance(real, GraphQLEnumType):
            strange += [f"{name}.{value}" for value in ours.values if value not in real.values]
        elif isinstance(ours, GraphQLInputObjectType) and isinstance(real, GraphQLInputObjectType):
            strange += [
                f"{name}.{key}"
                for key, field in ours.fields.items()
                if key not in real.fields or str(real.fields[key].type) != str(field.type)
            ]
        elif isinstance(ours, GraphQLObjectType | GraphQLInterfaceType):
            assert isinstance(real, GraphQLObjectType | GraphQLInterfaceType)
            strange += strange_fields(name, ours, real)
    assert strange == []


def strange_fields(
    name: str, ours: GraphQLObjectType | GraphQLInterfaceType, real: GraphQLObjectType | GraphQLInterfaceType
) -> list[str]:
    """Fields of ours that Shopify does not have, has with another type, or takes other arguments for."""
    found = []
    for key, field in ours.fields.items():
        there = real.fields.get(key)
        if there is None or str(there.type) != str(field.type):
            found.append(f"{name}.{key}")
            continue
        for argument, given in field.args.items():
            taken = there.args.get(argument)
            if taken is None or (str(taken.type), taken.default_value) != (str(given.type), given.default_value):
                found.append(f"{name}.{key}({argument})")
        missing = {one for one, arg in there.args.items() if str(arg.type).endswith("!")} - set(field.args)
        found += [f"{name}.{key}({one}) is required" for one in sorted(missing)]
    return found
