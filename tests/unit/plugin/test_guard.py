"""The guard and the watch by themselves: what is left behind does nothing more, and what it held is free."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta, timezone

import pytest

from orderdesk_sdk.errors import ConfigurationError, ValidationError
from orderdesk_sdk.plugin.answer import Answer, Outcome
from orderdesk_sdk.plugin.bulkhead import MAX_ABANDONED_THREADS, Bulkhead
from orderdesk_sdk.plugin.guard import AbandonableLock, Guard, PluginFailure, PluginTimeout, Watchdog
from orderdesk_sdk.plugin.plain_values import plain_instance, plain_value
from tests.support.waiting import eventually


def test_what_ends_at_the_last_moment_is_heard_or_left_and_interrupts_nothing_of_ours() -> None:
    bulkhead, broken = Bulkhead("test", 4, 0.002), threading.Event()

    def job(watch: Watchdog) -> None:
        Guard(watch).run(lambda: time.sleep(0.002))
        try:
            sum(range(10_000))
        except PluginTimeout:
            broken.set()

    jobs = [bulkhead.submit(job) for _ in range(100)]

    def are_all_done() -> bool:
        bulkhead.abandon_stuck_jobs()
        return all(one.done.is_set() for one in jobs)

    eventually(are_all_done, "all jobs have ended")
    assert not broken.is_set()


def test_a_lock_is_lost_by_a_holder_that_was_left_behind() -> None:
    lock, bulkhead, held = AbandonableLock(), Bulkhead("test", 2, 0.05), threading.Event()

    def hang() -> None:
        with lock.held():
            held.set()
            threading.Event().wait(2)

    assert bulkhead.run_isolated(hang) == PluginFailure("Plugin timed out: 0.05 s without a request")
    assert held.is_set()
    assert bulkhead.run_isolated(lambda: _took(lock)) is True


def _took(lock: AbandonableLock) -> bool:
    with lock.held():
        return True


def test_nothing_more_is_begun_of_what_has_left_so_many_threads_behind() -> None:
    bulkhead, begun, free = Bulkhead("test", 1, 0.01), [], threading.Event()

    def hang() -> None:
        begun.append(1)
        free.wait(5)

    for _ in range(MAX_ABANDONED_THREADS + 3):
        assert isinstance(bulkhead.run_isolated(hang), PluginFailure)
    assert len(begun) == MAX_ABANDONED_THREADS
    free.set()


def test_an_error_that_passes_is_made_anew_and_clean() -> None:
    class Sly(ConfigurationError):
        def __str__(self) -> str:
            raise KeyError(1)

    def step() -> None:
        raise Sly("the key k3y is wrong", location="k3y", hint="another than k3y")

    said = Guard(redact=lambda text: text.replace("k3y", "[hidden]")).run(
        step, allowed_errors=(ValidationError, ConfigurationError)
    )
    assert type(said) is ConfigurationError
    assert (said.message, said.location, said.hint) == (
        "the key [hidden] is wrong",
        "[hidden]",
        "another than [hidden]",
    )


class Text(str):
    """A text of a class of its own."""

    __slots__ = ()


class Late(datetime):
    """A moment of a class of its own."""


def test_values_are_made_anew_of_exact_classes() -> None:
    class Mine(Answer):
        """An answer of a class of its own."""

    made = plain_instance(Answer, Mine(Outcome.UNKNOWN, status=Text("New"), retry_after=timedelta(seconds=3)))
    assert (type(made), type(made.status)) == (Answer, str)
    moment = plain_value(Late(2026, 1, 5, 10, tzinfo=timezone(timedelta(hours=1))))
    assert (type(moment), moment) == (datetime, datetime(2026, 1, 5, 9, tzinfo=UTC))


@pytest.mark.parametrize("value", [object(), datetime(2026, 1, 5), [[[[[[[[[[[[[[1]]]]]]]]]]]]]], [0] * 20_000])  # noqa: DTZ001 - that is what is wrong
def test_what_is_no_value_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        plain_value(value)
