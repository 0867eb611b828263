"""Bulkheads: jobs that run on their threads, and whoever waits for one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from orderdesk_sdk.plugin.bulkhead import Bulkhead, Completion


def test_everybody_who_waits_goes_on_however_often_it_is_set() -> None:
    done = Completion()
    assert not done.wait(0.0)
    with ThreadPoolExecutor(8) as threads:
        waiting = [threads.submit(done.wait, 10.0) for _ in range(8)]
        assert not done.is_set()
        done.set()
        done.set()
        assert all(one.result() for one in waiting)
    assert done.is_set()
    assert done.wait(0.0)


def test_a_job_that_raises_is_done_and_says_what_it_raised() -> None:
    def fail(_: object) -> None:
        raise ValueError("no")

    job = Bulkhead("shop", 1, 5.0).submit(fail)
    assert job.done.wait(10.0)
    assert isinstance(job.error, ValueError)
