"""Every "no" in one shape: {"refused": code, "facts": {…}, "text": {"zh", "en"}}. Never a stack, a query or a
path."""

from __future__ import annotations

import logging
import re
import secrets
from typing import Any

from apiflask import APIFlask, HTTPError
from flask import jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from server.domain import refusals
from server.domain.refusals import Refusal
from server.house import house

log = logging.getLogger(__name__)

FIELD = re.compile(r"[A-Za-z0-9_.-]{1,40}")

OF_STATUS: dict[int, type[Refusal]] = {
    400: refusals.InputInvalid,
    403: refusals.ActForbidden,
    404: refusals.NotFound,
    405: refusals.MethodWrong,
    413: refusals.BodyTooLarge,
    415: refusals.JsonNeeded,
    422: refusals.InputInvalid,
    429: refusals.TooFast,
}


def problem(code: str, facts: dict[str, Any]) -> dict[str, Any]:
    """The body of a refusal, with its sentence in two languages."""
    return {"refused": code, "facts": facts, "text": house().texts.both(f"refused.{code}", **facts)}


def answer(pair: tuple[dict[str, Any], int], good: int = 200) -> ResponseReturnValue:
    """(answer, status) of an act as a reply: `good` when it was done, the refusal's shape when not."""
    body, status = pair
    if "refused" in body:
        return jsonify(problem(body["refused"], body["facts"])), status
    return jsonify(body), good


def _named(field: object) -> str:
    """A field's name as it came; one that no field of ours could have is not repeated."""
    return field if isinstance(field, str) and FIELD.fullmatch(field) else "?"


def register(app: APIFlask) -> None:
    """Translate refusals, HTTP errors and faults for every blueprint."""

    @app.errorhandler(Refusal)
    def refused(no: Refusal) -> ResponseReturnValue:
        return jsonify(problem(no.code, no.facts)), no.status

    @app.error_processor
    def unreadable(error: HTTPError) -> ResponseReturnValue:
        if error.status_code == 400 and not request.is_json:
            return jsonify(problem(refusals.JsonNeeded.code, {})), refusals.JsonNeeded.status
        fields = (error.detail or {}).get("json", {})
        facts = {
            "fields": [{"field": _named(f), "zh": "不正确", "en": text[0]} for f, text in fields.items()]
        }
        return jsonify(problem(refusals.InputInvalid.code, facts)), error.status_code

    @app.errorhandler(HTTPException)
    def http(no: HTTPException) -> ResponseReturnValue:
        kind = OF_STATUS.get(no.code or 500, refusals.InputInvalid)
        facts = {"fields": []} if kind is refusals.InputInvalid else {}
        return jsonify(problem(kind.code, facts)), no.code or 500

    @app.errorhandler(Exception)
    def fault(error: Exception) -> ResponseReturnValue:
        number = secrets.token_hex(4)
        log.exception("fault %s", number, exc_info=error)
        return jsonify(problem(refusals.ServerFault.code, {"id": number})), 500
