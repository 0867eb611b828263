"""A toy service that is spoken to by files: a request is dropped in one folder, and its answer appears in another."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

import httpx
from attrs import evolve
from starlette.requests import Request

from orderdesk_devkit.simulators.files import DroppedFile, FileSimulator
from orderdesk_devkit.simulators.http_requests import parse_object_body
from orderdesk_devkit.simulators.simple import FATE, SimpleOrder, SimpleSimulator, Stages
from orderdesk_devkit.simulators.simulator import BehaviorOption
from orderdesk_sdk.clock import hours, minutes
from orderdesk_sdk.plugin import (
    Answer,
    Button,
    CancelRequest,
    Flow,
    IdentifierFormat,
    Integration,
    NotStated,
    Polling,
    PollRequest,
    Rejection,
    Service,
    SftpSettings,
    StatedAt,
    answer,
    datetime_at,
    folder_url,
    hookimpl,
    is_dropped,
    normalize_status,
    objects_at,
    settings,
    sftp_login,
    text_at,
)

IN, OUT = "/in", "/out"
ANSWERS = BehaviorOption(
    "answers", ("whole", "half written", "of another order"), description="what lies in /out at first"
)


@settings
class FilingSettings(SftpSettings):
    folder: str = folder_url(help="the folder that holds /in and /out")


class Filing:
    """As it should be."""

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        return Integration(
            slug="filing",
            title="Filing toys",
            settings=FilingSettings,
            base_url="folder",
            auth=sftp_login,
            cancel=(Button(Polling(every=minutes(5), give_up=hours(12))),),
            identified_by={
                "drop": NotStated("the service says nothing while it takes a file"),
                "list": NotStated("a list names files"),
                "answer": StatedAt("order"),
            },
            remote_id_format=IdentifierFormat("[0-9]+", 20, "digits"),
        )

    @hookimpl
    def orderdesk_cancel(self, request: CancelRequest, service: Service[FilingSettings]) -> Flow[Answer]:
        content = json.dumps({"order": request.remote_id, "request": "cancel"}).encode()
        name = f"cancel-{request.remote_id}.json"
        response = yield service.put_file(IN, name, content=content, operation="drop", idempotent=True)
        if is_dropped(response, content):
            return answer.acknowledged(response)
        dropped_nothing = response.status_code in (403, 404, 409, 507)
        return answer.not_processed(response) if dropped_nothing else answer.unknown(response)

    @hookimpl
    def orderdesk_poll(self, request: PollRequest, service: Service[FilingSettings]) -> Flow[Answer]:
        listed = yield service.list_files(OUT, operation="list")
        if not listed.is_success:
            return answer.unknown(listed)
        answers = [file for file in objects_at(listed, "files") if self.is_answer(listed, file, request)]
        if not answers:
            return answer.pending(listed)
        name = text_at(listed, "name", within=answers[-1])
        response = yield service.get_file(OUT, name, operation="answer")
        if not response.is_success:
            return answer.unknown(response)
        match normalize_status(text_at(response, "result")):
            case "canceled":
                return answer.canceled(response)
            case "toolate":
                return answer.rejected(response, Rejection.TOO_LATE)
            case _:
                return answer.unknown(response)

    def is_answer(self, listed: httpx.Response, file: Mapping[str, object], request: PollRequest) -> bool:
        """Whether a file is an answer about the order, and no older than the request: an older one is to another."""
        name, written_at = text_at(listed, "name", within=file), datetime_at(listed, "modified_at", within=file)
        requested_at = (request.last_sent_at or written_at).replace(microsecond=0)
        return name.startswith(f"answer-{request.remote_id}-") and written_at >= requested_at


class ReadsAnyAnswer(Filing):
    """Reads the newest answer, whosever it is."""

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        identified_by = dict.fromkeys(("drop", "list", "answer"), NotStated("nobody has looked"))
        return evolve(super().orderdesk_integration(), identified_by=identified_by)

    def is_answer(self, listed: httpx.Response, file: Mapping[str, object], request: PollRequest) -> bool:
        return True


class AcknowledgesEveryDrop(Filing):
    """Takes every response to a drop for a file that lies there."""

    @hookimpl
    def orderdesk_cancel(self, request: CancelRequest, service: Service[FilingSettings]) -> Flow[Answer]:
        content = json.dumps({"order": request.remote_id, "request": "cancel"}).encode()
        name = f"cancel-{request.remote_id}.json"
        response = yield service.put_file(IN, name, content=content, operation="drop", idempotent=True)
        return answer.acknowledged(response)


class AcknowledgesEverySuccess(Filing):
    """Takes every 2xx for a file that lies there, also a proxy's page."""

    @hookimpl
    def orderdesk_cancel(self, request: CancelRequest, service: Service[FilingSettings]) -> Flow[Answer]:
        content = json.dumps({"order": request.remote_id, "request": "cancel"}).encode()
        name = f"cancel-{request.remote_id}.json"
        response = yield service.put_file(IN, name, content=content, operation="drop", idempotent=True)
        return answer.acknowledged(response) if response.is_success else answer.unknown(response)


@settings
class OwnLogin:
    folder: str = folder_url(help="the folder that holds /in and /out")


class LogsInByItself(Filing):
    """Has no settings for a login, so that only a folder of the machine can be meant."""

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        return evolve(super().orderdesk_integration(), settings=OwnLogin, auth=None)


class FilingShop(FileSimulator, SimpleSimulator):
    """Takes a request from /in, and eight minutes later writes into /out what became of it."""

    folders = (IN, OUT)
    stages = Stages(received="open", in_progress="picking")
    options: ClassVar[tuple[BehaviorOption, ...]] = (FATE, ANSWERS)

    def settings(self, url: str) -> Mapping[str, object]:
        return {"folder": url}

    def is_authorized(self, request: Request) -> bool:
        return True

    def take_file(self, path: str, content: bytes) -> DroppedFile:
        number = str(parse_object_body(content).get("order"))
        order = self.orders.get(number)
        if order is None:
            self.answer(number, "unknown order")
            return DroppedFile(None, "refused: unknown")
        taken = self.cancel_order(order, {})
        if taken.status != 202:
            self.answer(number, "too late")
        return DroppedFile(number, taken.effect, taken.effect_kind)

    def answer(self, number: str, result: str) -> None:
        """Write the answer to a request."""
        chosen = self.option(ANSWERS.name, number)
        stated = "90017" if chosen == "of another order" else number
        text = json.dumps({"order": stated, "result": result})
        name = f"answer-{number}-{self.clock.now():%H%M%S}.json"
        self.files.write(f"{OUT}/{name}", (text[:12] if chosen == "half written" else text).encode())

    def _enter_stage(self, order: SimpleOrder, stage: str, at: datetime) -> None:
        super()._enter_stage(order, stage, at)
        if order.cancel_at is not None and stage != self.stages.shipped:
            self.answer(order.number, "canceled" if stage == self.stages.canceled else "too late")
