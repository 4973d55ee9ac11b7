"""What the pages for a stranger's phone share: their frame, the refusal of a form, QR codes."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import wraps
from typing import Any, Literal

from flask import Response, make_response, render_template, request
from flask.typing import ResponseReturnValue
from pydantic import ValidationError

from server.api.access import check_origin
from server.api.told import Told, teller
from server.domain.refusals import MessageUnknown, Refusal
from server.house import house
from server.web.assets import entry
from server.web.headers import FORM_PAGE

TICKET, PAGES = "ticket", "book.rule"  # the words that a language needs for a number's page, for the others
CHOSEN, YEAR_S = "lang", 365 * 24 * 3600  # the cookie that keeps it
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
    if reply.status_code >= 400:
        return {}, texts.say(f"refused.{answer['refused']}", lang, **answer["facts"])
    return answer, ""


def asked_lang(default: str = "", face: str = PAGES) -> str:
    """?lang, else what was chosen on this phone, else `default`, else what the phone speaks: any whose file
    in config/text has words for the page, or what stands in for it."""
    texts = house().texts
    spoken = texts.speaking(face)
    lang = request.args.get("lang") or request.cookies.get(CHOSEN) or default
    wished = (tag.partition("-")[0].lower() for tag in request.accept_languages.values())
    lang = lang or next((one for one in wished if one in spoken), "zh")
    return lang if lang in spoken else texts.instead(lang)


def remembered(response: Response) -> Response:
    """Keep the language on this phone when a hand chose it (languages.html says so in the link)."""
    if "keep" in request.args:
        lang = request.args.get("lang", "")
        if lang in house().texts.languages:
            response.set_cookie(CHOSEN, lang, max_age=YEAR_S, samesite="Lax", secure=request.is_secure)
    return response


def spoken_lang() -> Literal["zh", "en"]:
    """The language a number or a booking is kept in: what calls and slips are said in."""
    return "en" if asked_lang() == "en" else "zh"


def there(view: Callable[..., ResponseReturnValue]) -> Callable[..., ResponseReturnValue]:
    """A page that is asked for by hand: what does not exist is told in words, on a page."""

    @wraps(view)
    def asked(*args: Any, **named: Any) -> ResponseReturnValue:
        try:
            return view(*args, **named)
        except Refusal as no:
            if no.status != 404:
                raise
            words = house().texts.say(f"refused.{no.code}", asked_lang(), **no.facts)
            by_phone = house().hall.hall.remote.enabled
            on_slip = not isinstance(no, MessageUnknown)
            reply = page("gone.html", "", words=words, by_phone=by_phone, on_slip=on_slip)
            reply.status_code = 404
            del reply.headers["Referrer-Policy"]  # no form here
            return reply

    return asked


def words_for(lang: str, face: str = PAGES) -> dict[str, Any]:
    """What every page for a phone is given: texts, names, days, times, the other languages."""
    h = house()
    centre, brand = h.hall.hall.centre, h.brand()
    latin = lang == "en" or h.texts.instead(lang) == "en"  # names are kept in two languages only

    def t(key: str, **words: object) -> str:
        return h.texts.say(key, lang, **words)

    tell = teller(lang, latin)

    def named(thing: Any) -> Told:
        if isinstance(thing, dict):
            return tell(thing["name"], thing["name_en"])
        return tell(thing.name, thing.name_en)

    def theme_name(theme: str) -> Told:
        """English by the hall first; else by the text file of the language, which knows the usual ones."""
        english, words = h.hall.catalogue.themes_en.get(theme, ""), t(f"theme.{theme}")
        own = words != f"theme.{theme}" and lang != "zh" and not (lang == "en" and english)
        return Told(words) if own else tell(theme, english)

    def day_words(day: str) -> str:
        """Of a date, or of a moment in the hall's own zone."""
        when = (
            date.fromisoformat(day)
            if len(day) == 10
            else datetime.fromisoformat(day).astimezone(h.hall.zone).date()
        )
        weekday, month = t(f"book.weekday.d{when.weekday()}"), t(f"book.month.m{when.month}")
        return t("book.day", month=month, day=when.day, weekday=weekday)

    def hhmm(moment: str) -> str:
        return f"{datetime.fromisoformat(moment).astimezone(h.hall.zone):%H:%M}"

    def html_of(lang: str) -> str:
        return {"zh": "zh-CN", "en": "en"}.get(lang) or h.texts.say("language.html", lang)

    return {
        "t": t,
        "lang": lang,
        "english": latin,
        "html_lang": html_of(lang),
        "languages": [
            {"id": one, "name": name, "html": html_of(one)}
            for one, name in h.texts.speaking(face).items()
            if one != lang
        ],
        "named": named,
        "theme_name": theme_name,
        "tell": tell,
        "comma": "、" if lang in ("zh", "ja") else ", ",
        "day_words": day_words,
        "hhmm": hhmm,
        "brand": brand,
        "slogan": tell(brand.brand.slogan, brand.brand.slogan_en),
        "nearby": bool(h.hall.nearby),
        "hall": {
            "name": tell(centre.name, centre.name_en),
            "hotline": centre.hotline,
            "supervision_phone": centre.supervision_phone,
            "address": tell(centre.address, centre.address_en),
        },
    }


def page(template: str, trouble: str, **facts: Any) -> Response:
    """A page in the language of ?lang; with `trouble` it answers 409."""
    drawn = render_template(
        template,
        **facts,
        **words_for(asked_lang()),
        trouble=trouble,
        now=house().clock().astimezone(UTC).isoformat(),
        request_id=secrets.token_hex(16),
        script=entry("kiosk/book/enhance.ts"),
        styles=[s for s in (entry("kiosk/ticket/ticket.css"), entry("kiosk/book/book.css")) if s],
    )
    response = make_response(drawn, 409 if trouble else 200)
    response.headers.update({"Cache-Control": "no-store", **FORM_PAGE})
    return remembered(response)


def qr(text: str) -> dict[str, Any]:
    """A QR code as one SVG path: {size, path}."""
    import qrcode  # loads on first use, not at start

    code = qrcode.QRCode(border=QUIET, error_correction=qrcode.constants.ERROR_CORRECT_M)
    code.add_data(text)
    rows = code.get_matrix()
    path = "".join(f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, dark in enumerate(row) if dark)
    return {"size": len(rows), "path": path}
