"""Messages out of a queue: each leaves it once it is stored, and not before."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.messages import MessageSource
from orderdesk_sdk.desk.messages.queues import FolderQueue
from orderdesk_sdk.desk.messages.receipt import MessageOutcome
from orderdesk_sdk.errors import StorageError
from orderdesk_sdk.stores.sqlite.ledger import SqliteLedger
from tests.support.fake_services import FakeDeskOpener, FakeServices, case_states
from tests.support.posted_orders import store_messages
from tests.support.queued_service import FakeQueue, FakeQueueService, queued_body


def test_a_message_leaves_the_queue_once_it_is_stored_and_is_handled_later(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices
) -> None:
    desk = fake_services_desk(FakeQueueService(), at=["queued"])
    fake_services.status["queued", "1042"] = "canceled"
    queue = FakeQueue(queued_body("1042"), queued_body("9999"), queued_body("1042"))
    outcomes = [receipt.outcome for receipt in desk.messages.take_from(queue, "queued")]
    assert outcomes == [MessageOutcome.STORED, MessageOutcome.IRRELEVANT, MessageOutcome.KNOWN]
    assert not queue.waiting
    assert not queue.refused
    desk.run_due()
    assert case_states(desk) == {"queued": State.CANCELED}


def test_what_cannot_be_stored_stays_and_comes_again(
    fake_services_desk: FakeDeskOpener, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = fake_services_desk(FakeQueueService(), at=["queued"])
    queue = FakeQueue(queued_body("1042"))

    def full(*_: object) -> None:
        raise StorageError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(SqliteLedger, "store_messages", full)
        (receipt,) = desk.messages.take_from(queue, "queued")
    assert receipt.outcome is MessageOutcome.NOT_STORED
    assert len(queue.waiting) == 1
    (receipt,) = desk.messages.take_from(queue, "queued")
    assert receipt.outcome is MessageOutcome.STORED


def test_beyond_the_rate_messages_stay_in_the_queue(fake_services_desk: FakeDeskOpener) -> None:
    desk = fake_services_desk(FakeQueueService(), at=["queued"], messages=store_messages(per_minute=1))
    queue = FakeQueue(queued_body("9998"), queued_body("9999"))
    desk.messages.take_from(queue, "queued")
    assert len(queue.waiting) == 1


def test_what_cannot_be_read_is_set_aside(fake_services_desk: FakeDeskOpener) -> None:
    desk = fake_services_desk(FakeQueueService(), at=["queued"], messages=store_messages(max_bytes=1024))
    queue = FakeQueue(b"x" * 2000, queued_body("1042"))
    desk.messages.take_from(queue, "queued")
    assert queue.waiting == {}
    assert "2,000 bytes" in queue.refused["0"]


def test_what_comes_over_http_is_not_of_the_queue(fake_services_desk: FakeDeskOpener) -> None:
    desk = fake_services_desk(FakeQueueService(), at=["queued"])
    assert desk.messages.receive(MessageSource.webhook("queued"), {}, queued_body("1042")).status == 401


class TestFolderQueue:
    def test_a_missing_folder_is_told_and_keeps_nothing_from_being_done(
        self, fake_services_desk: FakeDeskOpener, tmp_path: Path
    ) -> None:
        desk = fake_services_desk(FakeQueueService())
        with pytest.raises(StorageError, match="cannot be read"):
            desk.messages.take_from(FolderQueue(tmp_path / "nowhere"), "queued")

    @pytest.mark.parametrize(
        ("content", "bodies", "problem"),
        [
            (b'{"Body": "a"}', (b"a",), None),
            (b'{"Messages": [{"Body": "a"}, {"Body": "b"}]}', (b"a", b"b"), None),
            (b'{"Messages": [{"Body": "a"}, {"Body": "b"}, {"Body": 5}, 7]}', (b"a", b"b"), "message 3 of 4"),
            (b'{"Messages": []}', (), None),
            (b'{"number": "1"}', (b'{"number": "1"}',), None),
            (b"", (), "not JSON"),
            (b"\xff", (), "not JSON"),
            (b"[" * 200_000, (), "not JSON"),
            (b" " * 5_000_001, (), "5,000,001 bytes"),
        ],
        ids=lambda value: repr(value[:20]) if isinstance(value, bytes) else "",
    )
    def test_the_shapes_of_a_file(
        self, tmp_path: Path, content: bytes, bodies: tuple[bytes, ...], problem: str | None
    ) -> None:
        (tmp_path / "1.json").write_bytes(content)
        (tmp_path / "2.part").write_bytes(content)
        (message,) = FolderQueue(tmp_path).receive(10)
        assert message.bodies == bodies
        assert (problem or "None") in str(message.problem)

    def test_a_message_that_cannot_be_read_among_others_is_set_aside_with_the_reason(
        self, fake_services_desk: FakeDeskOpener, tmp_path: Path
    ) -> None:
        desk = fake_services_desk(FakeQueueService(), at=["queued"])
        body = json.dumps({"Body": queued_body("1042").decode()})
        (tmp_path / "1.json").write_text(f'{{"Messages": [7, {body}]}}', "utf-8")
        taken = desk.messages.take_from(FolderQueue(tmp_path), "queued")
        assert [receipt.outcome for receipt in taken] == [MessageOutcome.STORED, MessageOutcome.UNREADABLE]
        assert "message 1 of 2 has no Body" in (tmp_path / "refused" / "1.json.reason").read_text("utf-8")

    def test_what_is_no_file_or_cannot_be_read_keeps_no_other_waiting(
        self, fake_services_desk: FakeDeskOpener, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        desk = fake_services_desk(FakeQueueService(), at=["queued"])
        (tmp_path / "1.json").mkdir()
        os.mkfifo(tmp_path / "2.json")
        for name in ("3", "4", "5"):
            (tmp_path / f"{name}.json").write_bytes(queued_body("1042"))
        read = Path.read_bytes

        def read_bytes(path: Path) -> bytes:
            if path.name == "3.json":
                raise PermissionError(13, "Permission denied")
            if path.name == "4.json":
                path.unlink()  # Another process was faster.
            return read(path)

        monkeypatch.setattr(Path, "read_bytes", read_bytes)
        taken = desk.messages.take_from(FolderQueue(tmp_path), "queued")
        assert [receipt.outcome for receipt in taken] == [MessageOutcome.UNREADABLE, MessageOutcome.STORED]
        assert "Permission denied" in (tmp_path / "refused" / "3.json.reason").read_text("utf-8")

    def test_files_come_in_the_order_of_their_names_and_at_most_so_many(self, tmp_path: Path) -> None:
        for name in ("b", "a", "c"):
            (tmp_path / f"{name}.json").write_bytes(b"{}")
        assert [message.receipt for message in FolderQueue(tmp_path).receive(2)] == ["a.json", "b.json"]
