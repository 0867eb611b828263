"""The API, called by schemathesis with what its OpenAPI document allows and forbids, in the name of each role."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from orderdesk_devkit.cli.demo_shop.shop import open_demo_shop
from orderdesk_devkit.testing.report_keys import FUZZ_SKIP
from orderdesk_sdk.cases.access import Role
from orderdesk_sdk.clock import SystemClock, hours
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.web.api.case_kinds import CaseKind
from orderdesk_sdk.web.server import serving
from tests.support import schemathesis_environment
from tests.support.schemathesis_environment import run_schemathesis

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
ENDS_WITHIN = 120.0
"""Seconds after the time of a run in which it must have ended."""
RUNS = [
    ("supervisor", Role.SUPERVISOR, (), ("coverage", "fuzzing"), 30),
    ("supervisor, one call after the other", Role.SUPERVISOR, (), ("stateful",), 16),
    ("operator, one call after the other", Role.OPERATOR, (), ("stateful",), 12),
    ("viewer", Role.VIEWER, (), ("coverage",), 8),
    ("supervisor of one connection", Role.SUPERVISOR, ("mww",), ("fuzzing",), 8),
]
"""In whose name, with which phases, and for how many seconds: some 75 in all."""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Desk, str]]:
    """The shop to look at, with orders at every integration; it is worked on."""
    with open_demo_shop(tmp_path_factory.mktemp("shop"), with_bulk=False) as opened, serving(opened.desk) as server:
        yield opened.desk, server.url


def token(desk: Desk, name: str, role: Role, connections: tuple[str, ...]) -> str:
    expires_at = SystemClock().now() + hours(1)
    _, secret = desk.access.api_tokens.create(
        name, role=role, connections=connections, expires_at=expires_at, by="a test"
    )
    return secret.reveal()


def prepare(folder: Path, client: httpx.Client) -> None:
    """What a run reads: its configuration and hooks, the document as it is served, and ids of the shop."""
    for name in ("schemathesis.toml", "schemathesis_hooks.py"):
        shutil.copy(HERE / name, folder)
    document = client.get("openapi.json").raise_for_status()
    (folder / "openapi.json").write_bytes(document.content)
    orders = client.get("orders", params={"limit": 100}).raise_for_status().json()["orders"]
    cases = [
        case["id"]
        for kind in CaseKind
        for case in client.get("cases", params={"kind": kind.value}).raise_for_status().json()["cases"]
    ]
    (folder / "orders.txt").write_text("".join(f"{json.dumps(order['id'])}\n" for order in orders))
    (folder / "cases.txt").write_text("".join(f"{json.dumps(case)}\n" for case in cases))


@pytest.mark.parametrize(("name", "role", "connections", "phases", "seconds"), RUNS, ids=[run[0] for run in RUNS])
def test_no_call_is_answered_otherwise_than_the_document_says(
    shop: tuple[Desk, str],
    tmp_path: Path,
    name: str,
    role: Role,
    connections: tuple[str, ...],
    phases: tuple[str, ...],
    seconds: int,
) -> None:
    desk, url = shop
    headers = {"Authorization": f"Bearer {token(desk, name.replace(' ', '-').replace(',', ''), role, connections)}"}
    with httpx.Client(base_url=f"{url}/api/v1/", headers=headers, timeout=120, trust_env=False) as client:
        prepare(tmp_path, client)
    ran = run_schemathesis(
        [
            "--config-file",
            "schemathesis.toml",
            "run",
            "openapi.json",
            "--url",
            url,
            "--header",
            f"Authorization: {headers['Authorization']}",
            "--phases",
            ",".join(phases),
            "--max-time",
            str(seconds),
        ],
        tmp_path,
        seconds + ENDS_WITHIN,
    )
    assert ran.returncode == 0, ran.stdout[-12_000:] + ran.stderr[-2_000:]
    assert " passed" in ran.stdout, ran.stdout[-2_000:]


def test_without_a_registry_the_test_is_skipped_aloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schemathesis_environment, "FOLDER", tmp_path)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    with pytest.raises(pytest.skip.Exception, match=f"{FUZZ_SKIP}schemathesis cannot be installed"):
        run_schemathesis(["--version"], tmp_path, 10)
    assert not list(tmp_path.glob("*/ready"))
