"""The operations on cases: look, and what a person decides about one."""

from __future__ import annotations

from http import HTTPStatus

from orderdesk_sdk.cases.access import Role
from orderdesk_sdk.cases.audit import AuditAction
from orderdesk_sdk.web.api import requests
from orderdesk_sdk.web.api.handlers import cases
from orderdesk_sdk.web.api.operation import KeyUse, Method, Operation
from orderdesk_sdk.web.api.replies.cases import (
    CaseListReply,
    CaseReply,
)

__all__ = ["CASE_OPERATIONS"]

_GET, _POST = Method.GET, Method.POST
_CASE = "/cases/{case}"

CASE_OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "list_cases",
        _GET,
        "/cases",
        Role.VIEWER,
        cases.list_cases,
        CaseListReply,
        "The cases of one kind, oldest first.",
        "cases",
        query=requests.CasesQuery,
        errors=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
    ),
    Operation(
        "get_case",
        _GET,
        _CASE,
        Role.VIEWER,
        cases.get_case,
        CaseReply,
        "One case as it stands.",
        "cases",
        audit=AuditAction.ORDER_VIEWED,
    ),
    Operation(
        "confirm_case",
        _POST,
        f"{_CASE}/confirm",
        Role.SUPERVISOR,
        cases.confirm_case,
        CaseReply,
        "Confirm, on your word, that the service did what the case asks for.",
        "confirm",
        request=requests.ConfirmRequest,
        key_use=KeyUse.OPTIONAL,
        audit=AuditAction.CONFIRMED,
    ),
    Operation(
        "reject_case",
        _POST,
        f"{_CASE}/reject",
        Role.SUPERVISOR,
        cases.reject_case,
        CaseReply,
        "Record, on your word, that the service will not do it.",
        "reject",
        request=requests.RejectRequest,
        key_use=KeyUse.OPTIONAL,
        audit=AuditAction.REJECTED,
    ),
    Operation(
        "withdraw_case",
        _POST,
        f"{_CASE}/withdraw",
        Role.OPERATOR,
        cases.withdraw_case,
        CaseReply,
        "Withdraw the case where nothing was sent yet.",
        "withdraw",
        request=requests.NoteRequest,
        key_use=KeyUse.OPTIONAL,
        audit=AuditAction.WITHDRAWN,
    ),
    Operation(
        "retry_case",
        _POST,
        f"{_CASE}/retry",
        Role.SUPERVISOR,
        cases.retry_case,
        CaseReply,
        "Send the request of the case again, although the first one may have worked.",
        "retry",
        key_use=KeyUse.REQUIRED,
        is_repeatable=False,
        errors=(HTTPStatus.BAD_GATEWAY,),
        audit=AuditAction.RETRIED,
    ),
    Operation(
        "poll_case",
        _POST,
        f"{_CASE}/poll",
        Role.OPERATOR,
        cases.poll_case,
        CaseReply,
        "Ask the service now for the status. The request itself is not sent again.",
        "poll",
        key_use=KeyUse.OPTIONAL,
        errors=(HTTPStatus.BAD_GATEWAY,),
        audit=AuditAction.POLLED,
    ),
    Operation(
        "answer_request",
        _POST,
        f"{_CASE}/answer",
        Role.SUPERVISOR,
        cases.answer_request,
        CaseReply,
        "Accept or reject somebody else's request that we cancel an order.",
        "answer",
        request=requests.AnswerRequest,
        key_use=KeyUse.OPTIONAL,
        errors=(HTTPStatus.BAD_GATEWAY,),
        audit=AuditAction.REQUEST_ANSWERED,
    ),
)
