"""Mutants: which mistakes are made of a plugin's source, by which names, and that the suite is run on each."""

from __future__ import annotations

from pathlib import Path

import pytest

from orderdesk_devkit.mutation.mutants import Mutant, mutants_of_file, mutants_of_package
from orderdesk_devkit.mutation.nodes import SourceFile
from orderdesk_devkit.mutation.own_choices import words_of_tables

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
    return tuple(mutants_of_file(file, "acme.api", words_of_tables(SourceFile(text))))


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


@pytest.mark.parametrize(("said", "made"), [("", 1), (", read_only=False", 1), (", read_only=True", 0)])
def test_only_a_call_that_writes_is_declared_idempotent(tmp_path: Path, said: str, made: int) -> None:
    kinds = [mutant.kind for mutant in mutants_of(tmp_path, f"def ask():\n    service.post(PATH{said})\n")]
    assert kinds.count("idempotency over-declared") == made


def test_a_name_stays_when_lines_above_come(tmp_path: Path) -> None:
    before = [mutant.name for mutant in mutants_of(tmp_path, FLOW)]
    assert [mutant.name for mutant in mutants_of(tmp_path, f"# One line.\n\n{FLOW}")] == before


@pytest.mark.parametrize(
    "text",
    [
        "from a import b\n",
        '"""A docstring."""\n',
        'kept = field(help="words for people")\n',
        'kept = ReasonCode(code, "Out of stock")\n',
        'kept = SettableStatus(name, "On hold")\n',
        'HINT = "duplicate the order in your shop"\n',
        'URL = "https://api.acme.example"\n',
        "if TYPE_CHECKING:\n    import httpx\n",
        "def name(order: Order) -> str: ...\n",
    ],
)
def test_what_people_read_and_what_does_not_run_is_left_alone(tmp_path: Path, text: str) -> None:
    assert mutants_of(tmp_path, text) == ()


@pytest.mark.parametrize(
    "text",
    [
        "made = Polling(every=minutes(2), give_up=hours(24))\n",
        "made = Polling(minutes(2), hours(24), days(3), slowest=hours(1))\n",
        "made = CancelRequests(every=minutes(5))\n",
        "made = ManualConfirmation(hours(4))\n",
        'days = setting(int, help="how far back", default=30)\n',
        'read = call("https://acme.example", operation="get")\n',
    ],
)
def test_what_the_author_chooses_is_left_alone(tmp_path: Path, text: str) -> None:
    assert mutants_of(tmp_path, text) == ()


@pytest.mark.parametrize(
    "text",
    [
        "made = Button(confirm, WithinTime(minutes(2)))\n",
        "made = Limit(15.0, burst=30)\n",
        "made = Quota(100)\n",
        "made = Batch(collect_for, max_size=10)\n",
        "number = setting(int, minimum=1)\n",
        "drop_ship = setting(bool, default=True)\n",
    ],
)
def test_what_the_service_states_is_changed(tmp_path: Path, text: str) -> None:
    assert len(mutants_of(tmp_path, text)) == 1


def test_the_name_of_a_call_is_changed_where_a_declaration_has_it(tmp_path: Path) -> None:
    text = 'made = Integration(limits={"get": FEW})\nread = call(PATH, operation="get")\n'
    assert sum(mutant.line == 2 and mutant.kind == "word changed" for mutant in mutants_of(tmp_path, text)) == 1


def test_a_simulator_is_no_part_of_the_plugin(tmp_path: Path) -> None:
    package = tmp_path / "acme"
    (package / "simulator").mkdir(parents=True)
    for file in ("__init__.py", "api.py", "simulator/__init__.py", "simulator/state.py"):
        (package / file).write_text("IS_ON = True\n", encoding="utf-8")
    assert {mutant.module for mutant in mutants_of_package(package)} == {"acme", "acme.api"}
