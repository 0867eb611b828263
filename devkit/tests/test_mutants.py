"""Mutants: which mistakes are made of a plugin's source, by which names, and that the suite is run on each."""

from __future__ import annotations

from pathlib import Path

import pytest

from orderdesk_devkit.mutation.mutants import Mutant, mutants_of_file, mutants_of_package

FLOW = """
STATUS = {"open": answer.unknown, "gone": answer.canceled}


def orderdesk_cancel(request, service):
    response = yield service.put("/orders", request.remote_id)
    order = yield service.get("/orders", request.remote_id)
    if response.status_code == 409:
        return answer.rejected(order, Rejection.SHIPPED)
    return answer.acknowledged(response)


def orderdesk_parse_webhook(request, service):
    verify_signature(request, service.settings.webhook_secret)
    return names(request)
"""


SECRET = "service.settings.webhook_secret"


def mutants_of(tmp_path: Path, text: str) -> tuple[Mutant, ...]:
    file = tmp_path / "api.py"
    file.write_text(text, encoding="utf-8")
    return tuple(mutants_of_file(file, "acme.api"))


@pytest.mark.parametrize(
    "name",
    [
        "api.py: answer exchanged: answer.canceled -> answer.acknowledged",
        "api.py: meaning exchanged: answer.unknown -> answer.canceled",
        "api.py:orderdesk_cancel: answer exchanged: answer.acknowledged -> answer.canceled",
        "api.py:orderdesk_cancel: branch turned: response.status_code == 409 -> not (response.status_code == 409)",
        "api.py:orderdesk_cancel: rejection exchanged: Rejection.SHIPPED -> Rejection.TOO_LATE",
        "api.py:orderdesk_cancel: evidence of another exchange: order -> response",
        "api.py:orderdesk_cancel: read that writes: service.get -> service.post",
        'api.py:orderdesk_cancel: wrong order: request.remote_id -> request.remote_id + "0"',
        f"api.py:orderdesk_parse_webhook: check left out: verify_signature(request, {SECRET}) -> pass",
        f"api.py:orderdesk_parse_webhook: setting not read: {SECRET} -> type({SECRET})()",
    ],
)
def test_each_kind_of_mistake_is_made(tmp_path: Path, name: str) -> None:
    assert name in {mutant.name for mutant in mutants_of(tmp_path, FLOW)}


def test_a_word_of_a_service_is_changed(tmp_path: Path) -> None:
    assert [mutant.kind for mutant in mutants_of(tmp_path, 'GONE = "already picked"\n')] == ["word changed"]


def test_every_mutant_is_python_and_like_no_other(tmp_path: Path) -> None:
    mutants = mutants_of(tmp_path, FLOW)
    sources = [mutant.source for mutant in mutants]
    assert len({*sources, FLOW}) == len(sources) + 1
    assert len({mutant.name for mutant in mutants}) == len(mutants)
    for source in sources:
        compile(source, "mutant", "exec")


def test_a_name_stays_when_lines_above_come(tmp_path: Path) -> None:
    before = [mutant.name for mutant in mutants_of(tmp_path, FLOW)]
    assert [mutant.name for mutant in mutants_of(tmp_path, f"# One line.\n\n{FLOW}")] == before


@pytest.mark.parametrize(
    "text",
    [
        "from a import b\n",
        '"""A docstring."""\n',
        'kept = field(help="words for people")\n',
        'HINT = "duplicate the order in your shop"\n',
        'URL = "https://api.acme.example"\n',
        "if TYPE_CHECKING:\n    import httpx\n",
        "def name(order: Order) -> str: ...\n",
    ],
)
def test_what_people_read_and_what_does_not_run_is_left_alone(tmp_path: Path, text: str) -> None:
    assert mutants_of(tmp_path, text) == ()


def test_a_simulator_is_no_part_of_the_plugin(tmp_path: Path) -> None:
    package = tmp_path / "acme"
    (package / "simulator").mkdir(parents=True)
    for file in ("__init__.py", "api.py", "simulator/__init__.py", "simulator/state.py"):
        (package / file).write_text("IS_ON = True\n", encoding="utf-8")
    assert {mutant.module for mutant in mutants_of_package(package)} == {"acme", "acme.api"}
