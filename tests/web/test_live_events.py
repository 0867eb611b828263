"""Streams of live events on real sockets: nothing is lost, and nobody is held up by another."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path

import httpx
import pytest

from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.event_feed import FeedPage
from orderdesk_sdk.clock import hours
from orderdesk_sdk.desk.bulk.request import bulk_key
from orderdesk_sdk.stores.sqlite.ledger import SqliteLedger
from orderdesk_sdk.web.live.filters import BulkEvents, CallerEvents, KeyReader
from orderdesk_sdk.web.live.stream import StreamTimes
from orderdesk_sdk.web.live.subscriber import FeedPart, Subscriber
from tests.support.builders import LATER, make_cancellation, make_case_of, open_case
from tests.support.ledgers import DATABASE_PARAMS, LedgerDatabase, PostgresDatabase, open_database, shared_folder
from tests.support.live_streams import StreamReading, serve_streams, write_cases
from tests.unit.stores.test_event_feed import cancel

ROOT = Path(__file__).resolve().parent.parent.parent
OFTEN = StreamTimes(ping=0.05, check=0.05, send=1.0)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[SqliteLedger]:
    with closing(SqliteLedger(tmp_path / "ledger.db")) as opened:
        yield opened


@pytest.fixture(params=DATABASE_PARAMS)
def database(
    request: pytest.FixtureRequest, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LedgerDatabase]:
    with open_database(request.param, tmp_path, shared_folder(tmp_path_factory)) as opened:
        yield opened


class TestStreams:
    def test_what_was_missed_comes_first_and_then_what_happens(self, ledger: SqliteLedger) -> None:
        write_cases(ledger, 1, 120)
        with serve_streams(ledger) as server, StreamReading(server.port) as reader:
            reader.wait_for(lambda: len(reader.sequences) == 120)
            write_cases(ledger, 121, 3)
            reader.wait_for(lambda: reader.sequences == list(range(1, 124)))
            assert reader.events[0].data == {"order": "1", "case": "c1-1", "summary": "opened"}
            assert reader.headers["Content-Type"] == "text/event-stream; charset=utf-8"
            assert reader.headers["Cache-Control"] == "no-store"
            assert reader.headers["X-Accel-Buffering"] == "no"

    def test_who_names_no_event_hears_only_what_happens_from_now_on(self, ledger: SqliteLedger) -> None:
        write_cases(ledger, 1, 2)
        with serve_streams(ledger) as server, StreamReading(server.port, "/events") as reader:
            write_cases(ledger, 3, 1)
            reader.wait_for(lambda: reader.sequences == [3])

    def test_the_header_of_who_comes_back_counts_more_than_the_address(self, ledger: SqliteLedger) -> None:
        write_cases(ledger, 1, 5)
        with serve_streams(ledger) as server, StreamReading(server.port, last_seen=3) as reader:
            reader.wait_for(lambda: reader.sequences == [4, 5])

    def test_fifty_readers_each_get_every_event_while_it_is_written(self, ledger: SqliteLedger) -> None:
        with serve_streams(ledger) as server, ExitStack() as stack:
            readers = [
                stack.enter_context(StreamReading(server.port, f"/events?after=0&caller={number}"))
                for number in range(50)
            ]
            write_cases(ledger, 1, 100)
            for reader in readers:
                reader.wait_for(partial(_has, reader, 100))
                assert reader.sequences == list(range(1, 101))
            assert sum("feed watcher" in one.name for one in threading.enumerate()) == 1

    def test_who_loses_the_connection_again_and_again_loses_no_event(self, ledger: SqliteLedger) -> None:
        seen: list[int] = []
        with serve_streams(ledger) as server:
            writing = threading.Thread(target=write_cases, args=(ledger, 1, 500))
            writing.start()
            connections = 0
            while len(seen) < 500:
                connections += 1
                with StreamReading(server.port, last_seen=seen[-1] if seen else 0) as reader:
                    wanted = min(23, 500 - len(seen))
                    reader.wait_for(partial(_has, reader, wanted))
                seen += reader.sequences[:wanted]  # What came beside, a later connection gets again.
            writing.join()
        assert seen == list(range(1, 501))
        assert connections == 22


class TestEnds:
    def test_all_streams_end_with_the_server(self, ledger: SqliteLedger) -> None:
        with serve_streams(ledger) as server, ExitStack() as stack:
            readers = [stack.enter_context(StreamReading(server.port)) for _ in range(5)]
            began = time.monotonic()
            server.stop()
            assert time.monotonic() - began < 120
            for reader in readers:
                assert reader.ended.wait(120)
                assert [(one.name, one.data) for one in reader.events] == [("end", {"reason": "shutting down"})]
        assert not any("feed watcher" in one.name for one in threading.enumerate())

    def test_a_stream_ends_when_its_session_does(self, ledger: SqliteLedger) -> None:
        signed_in = threading.Event()
        signed_in.set()
        with (
            serve_streams(ledger, times=OFTEN, may_read=signed_in.is_set) as server,
            StreamReading(server.port) as reader,
        ):
            reader.wait_for(lambda: len(reader.comments) > 2)
            assert not reader.ended.is_set()
            signed_in.clear()
            assert reader.ended.wait(120)
            assert [one.data for one in reader.events] == [{"reason": "signed out"}]

    def test_one_caller_has_only_so_many_and_others_have_theirs(self, ledger: SqliteLedger) -> None:
        with serve_streams(ledger, per_caller=2) as server, ExitStack() as stack:
            first, _ = (stack.enter_context(StreamReading(server.port)) for _ in range(2))
            url = f"http://127.0.0.1:{server.port}/events"
            refused = httpx.get(url, trust_env=False)
            assert (refused.status_code, refused.headers["Retry-After"]) == (429, "10")
            with StreamReading(server.port, "/events?caller=Ben"):
                pass
            first.__exit__()
            first.wait_for(lambda: _status(url) == 200, "the place of who has gone is free")

    def test_a_reader_who_takes_nothing_is_let_go_and_holds_up_nobody(self, ledger: SqliteLedger) -> None:
        with (
            serve_streams(ledger, times=StreamTimes(send=0.5)) as server,
            closing(_deaf(server.port)) as deaf,
            StreamReading(server.port, "/events?after=0&caller=Ben") as reader,
        ):
            # More than the buffers of both sides hold.
            body = "x" * 100_000
            for number in range(1, 61):
                open_case(ledger, str(number), order_id=f"{number}{body}")
            reader.wait_for(lambda: reader.sequences == list(range(1, 61)))
            deaf.settimeout(20)
            received = _rest(deaf)
            assert b"event: case" in received
            assert len(received) < 60 * len(body), "it was let go before the end"


class TestWanted:
    def test_only_what_the_caller_sees_and_of_one_order(self, ledger: SqliteLedger) -> None:
        cancellation = make_cancellation("7")
        ledger.open_cancellation(cancellation, "content", [make_case_of(cancellation, number) for number in (1, 2)])
        write_cases(ledger, 8, 1)

        def wanted() -> CallerEvents:
            return CallerEvents(lambda connection: connection == "shop-2", "7")

        with serve_streams(ledger, wanted=wanted) as server, StreamReading(server.port) as reader:
            reader.wait_for(lambda: bool(reader.events))
            ledger.append(ledger.cases(CancelCase, order_id="7")[1], ["a note"], if_unchanged=True)
            reader.wait_for(lambda: [one.data["case"] for one in reader.events] == ["c7-2", "c7-2"])

    def test_who_wants_nothing_of_what_happens_is_told_where_to_go_on(self, ledger: SqliteLedger) -> None:
        def wanted() -> CallerEvents:
            return CallerEvents(lambda _: False)

        with serve_streams(ledger, wanted=wanted, times=OFTEN) as server, StreamReading(server.port) as reader:
            write_cases(ledger, 1, 3)
            reader.wait_for(lambda: reader.positions[-1:] == [3])
            assert reader.events == []

    def test_who_wants_nothing_hears_a_sign_also_while_much_happens(self, ledger: SqliteLedger) -> None:
        def wanted() -> CallerEvents:
            return CallerEvents(lambda _: False)

        with serve_streams(ledger, wanted=wanted, times=OFTEN) as server, StreamReading(server.port) as reader:
            number = 0
            while len(reader.comments) < 5:
                number += 1
                write_cases(ledger, number, 1)
                assert number < 5000, "no sign came"

    def test_who_reads_an_old_backlog_is_looked_at_too(self, ledger: SqliteLedger) -> None:
        write_cases(ledger, 1, 200)
        looks: list[int] = []

        def may_read() -> bool:
            looks.append(1)
            return False

        times = StreamTimes(check=0.0)
        with serve_streams(ledger, times=times, may_read=may_read) as server, StreamReading(server.port) as reader:
            assert reader.ended.wait(120)
            assert 0 < len(reader.sequences) < 200
            assert (reader.events[-1].data, len(looks)) == ({"reason": "signed out"}, 1)

    def test_of_one_bulk_also_what_it_joined(self, ledger: SqliteLedger) -> None:
        write_cases(ledger, 1, 1)
        ledger.alias_key(bulk_key("spring", 1), "content", ledger.cancellations("1")[0])
        for number, key in ((2, bulk_key("spring", 2)), (3, bulk_key("spring sale", 3)), (4, "")):
            of_bulk = make_cancellation(str(number), key)
            ledger.open_cancellation(of_bulk, "content", [make_case_of(of_bulk)])
        keys = KeyReader(
            lambda prefix, after, limit: ledger.cancellations_by_key(prefix, after=after, limit=limit),
            ledger.cancellations,
        )

        def wanted() -> BulkEvents:
            return BulkEvents(CallerEvents(lambda _: True), "spring", keys)

        with serve_streams(ledger, wanted=wanted) as server, StreamReading(server.port) as reader:
            reader.wait_for(lambda: [one.data["order"] for one in reader.events] == ["1", "2"])
            of_bulk = make_cancellation("5", bulk_key("spring", 5))
            ledger.open_cancellation(of_bulk, "content", [make_case_of(of_bulk)])
            reader.wait_for(lambda: [one.data["order"] for one in reader.events] == ["1", "2", "5"])

    def test_who_missed_what_was_archived_is_told_to_look_anew(self, ledger: SqliteLedger, tmp_path: Path) -> None:
        cancel(ledger)
        ledger.archive(LATER + hours(1), tmp_path / "old.jsonl", by="Ann", at=LATER)
        with serve_streams(ledger) as server, StreamReading(server.port) as reader:
            reader.wait_for(lambda: [one.name for one in reader.events] == ["case", "case", "reload"])
            assert reader.events[-1].position == 6
            write_cases(ledger, 2, 1)
            reader.wait_for(lambda: reader.sequences[-1] == 7)

    def test_who_is_ahead_of_a_ledger_that_was_put_back_is_told_to_look_anew(self, ledger: SqliteLedger) -> None:
        write_cases(ledger, 1, 2)
        with serve_streams(ledger) as server, StreamReading(server.port, last_seen=100) as reader:
            reader.wait_for(lambda: [(one.name, one.position) for one in reader.events] == [("reload", 2)])
            write_cases(ledger, 3, 1)
            reader.wait_for(lambda: reader.sequences == [3])


def test_what_another_process_writes_is_sent_too(database: LedgerDatabase) -> None:
    location = database.url if isinstance(database, PostgresDatabase) else str(database.location)
    with closing(database.open()) as ledger, serve_streams(ledger) as server, StreamReading(server.port) as reader:
        command = [sys.executable, "-m", "tests.support.live_streams", location]
        writers = [subprocess.Popen([*command, str(first), "40"], cwd=ROOT) for first in (1, 1001)]
        write_cases(ledger, 2001, 20)
        assert [writer.wait(60) for writer in writers] == [0, 0]
        reader.wait_for(lambda: len(reader.sequences) >= 100)
        assert reader.sequences == list(range(1, 101))


def test_a_buffer_that_overflows_gives_up_and_says_so() -> None:
    async def overflow() -> tuple[bool, int]:
        subscriber = Subscriber(asyncio.get_running_loop(), most=3)
        for number in range(4):
            subscriber.put(FeedPart(number, FeedPage((), number + 1, has_more=False)))
        await asyncio.sleep(0)
        return subscriber.is_too_slow, len(await subscriber.take(1))

    assert asyncio.run(overflow()) == (True, 0)


def _has(reader: StreamReading, count: int) -> bool:
    return len(reader.sequences) >= count


def _deaf(port: int) -> socket.socket:
    """A reader that reads nothing, and holds little."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.connect(("127.0.0.1", port))
    sock.sendall(b"GET /events?after=0 HTTP/1.1\r\nHost: x\r\n\r\n")
    return sock


def _rest(sock: socket.socket) -> bytes:
    time.sleep(1.0)
    received = b""
    try:
        while piece := sock.recv(65536):
            received += piece
    except OSError:
        pass  # Broken off.
    return received


def _status(url: str) -> int:
    with httpx.stream("GET", url, trust_env=False) as response:
        return response.status_code
