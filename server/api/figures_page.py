"""/figures: the day's public figures, on any phone, in its language and without script."""

from __future__ import annotations

from datetime import datetime

from apiflask import APIBlueprint
from flask.typing import ResponseReturnValue

from server.api.citizen_page import asked_lang, page, words_for
from server.house import house
from server.store.snapshots.figures import figures_value
from server.store.snapshots.view import View

bp = APIBlueprint(
    "figures_page", __name__, enable_openapi=False, template_folder="../../kiosk/book/templates"
)


@bp.get("/figures")
def get_figures() -> ResponseReturnValue:
    """What the hall makes public of today; a figure that is not known yet is a dash."""
    h, t = house(), words_for(asked_lang())["t"]
    local = h.clock().astimezone(h.hall.zone)
    with h.store.read() as connection:
        found = figures_value(View.of(connection, h.store.hall, h.hall, h.texts), local.date())
    ended, of_today = found["ended_at"], found["day"]["date"] == local.date().isoformat()
    seen = datetime.fromisoformat(ended).astimezone(h.hall.zone) if ended else local

    def minutes(n: float | None) -> str:
        return "–" if n is None else t("figures.minutes", n=f"{n:.0f}" if n >= 10 else f"{n:.1f}")

    return page(
        "figures.html",
        "",
        f=found,
        at=f"{seen:%H:%M}" if of_today else "",
        by_phone=h.hall.hall.remote.enabled,
        minutes=minutes,
        share=lambda part: "–" if part is None else f"{part:.0%}",
    )
