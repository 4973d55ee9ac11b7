"""/figures: the day's public figures, on any phone, in its language and without script."""

from __future__ import annotations

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
    with h.store.read() as connection:
        view = View.of(connection, h.store.hall, h.hall, h.texts)
        found = figures_value(view)
    local, day = h.clock().astimezone(h.hall.zone), found["day"]
    today = day["state"] != "closed" and day["date"] == local.date().isoformat()

    def minutes(n: float | None) -> str:
        return "–" if n is None else t("figures.minutes", n=f"{n:.0f}" if n >= 10 else f"{n:.1f}")

    return page(
        "figures.html",
        "",
        f=found,
        at=f"{local:%H:%M}" if today else "",
        by_phone=h.hall.hall.remote.enabled,
        minutes=minutes,
        share=lambda part: "–" if part is None else f"{part:.0%}",
    )
