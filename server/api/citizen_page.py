"""What the pages for a stranger's phone share: their frame, the refusal of a form, QR codes."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from flask import Response, make_response, render_template, request
from flask.typing import ResponseReturnValue
from pydantic import ValidationError

from server.api.access import check_origin
from server.domain.refusals import Refusal
from server.house import house
from server.web.assets import entry
from server.web.headers import FORM_PAGE

QUIET = 3  # modules of white around a QR code


def tried(deed: Callable[[], ResponseReturnValue]) -> tuple[dict[str, Any], str]:
    """(the answer, "") or ({}, the sentence of the refusal)."""
    lang, texts = asked_lang(), house().texts
    check_origin()
    try:
        reply = make_response(deed())
    except ValidationError:
        return {}, texts.say("refused.input-invalid", lang)
    except Refusal as no:
        return {}, texts.say(f"refused.{no.code}", lang, **no.facts)
    answer = reply.get_json()
    return ({}, str(answer["text"][lang])) if reply.status_code >= 400 else (answer, "")


def asked_lang() -> str:
    return "en" if request.args.get("lang") == "en" else "zh"


def page(template: str, trouble: str, **facts: Any) -> Response:
    """A page in the language of ?lang; with `trouble` it answers 409."""
    h, lang = house(), asked_lang()
    centre = h.hall.hall.centre

    def t(key: str, **words: object) -> str:
        return h.texts.say(key, lang, **words)

    def named(thing: Any) -> str:
        english = thing["name_en"] if isinstance(thing, dict) else thing.name_en
        return (
            str(english)
            if lang == "en" and english
            else str(thing["name"] if isinstance(thing, dict) else thing.name)
        )

    def day_words(day: str) -> str:
        when = date.fromisoformat(day)
        return t("book.day", month=when.month, day=when.day, weekday=t(f"book.weekday.d{when.weekday()}"))

    def hhmm(moment: str) -> str:
        return f"{datetime.fromisoformat(moment).astimezone(h.hall.zone):%H:%M}"

    drawn = render_template(
        template,
        **facts,
        t=t,
        lang=lang,
        named=named,
        day_words=day_words,
        hhmm=hhmm,
        trouble=trouble,
        brand=h.brand(),
        now=h.clock().astimezone(UTC).isoformat(),
        request_id=secrets.token_hex(16),
        hall={
            "name": centre.name,
            "name_en": centre.name_en,
            "hotline": centre.hotline,
            "address": centre.address,
        },
        script=entry("kiosk/book/enhance.ts"),
        styles=[s for s in (entry("kiosk/ticket/ticket.css"), entry("kiosk/book/book.css")) if s],
    )
    response = make_response(drawn, 409 if trouble else 200)
    response.headers.update({"Cache-Control": "no-store", **FORM_PAGE})
    return response


def qr(text: str) -> dict[str, Any]:
    """A QR code as one SVG path: {size, path}."""
    import qrcode  # loads on first use, not at start

    code = qrcode.QRCode(border=QUIET, error_correction=qrcode.constants.ERROR_CORRECT_M)
    code.add_data(text)
    rows = code.get_matrix()
    path = "".join(f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, dark in enumerate(row) if dark)
    return {"size": len(rows), "path": path}
