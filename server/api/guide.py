"""The facts of a service in words, as the page behind the kiosk's QR code tells them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from server.domain.catalogue import Limit, Service
from server.settings import HallSettings

Say = Callable[..., str]
FORMS = frozenset({"original", "copy", "form", "photo", "electronic", "onsite"})


def guide_facts(hall: HallSettings, item: Service, say: Say, lang: str) -> dict[str, Any]:
    """{department, bring: [{name, form, required, deferrable}], fetched: [name], lines: [(title, words)]}."""
    department = hall.catalogue.departments.get(item.department)
    windows = [hall.catalogue.windows[w].number for w in hall.catalogue.serving[item.queue]]
    centre = hall.hall.centre
    lines = [
        (say("touch.fee_title"), _fee(item, say)),
        (say("touch.limit_title"), _limit(item.promised_limit, say)),
        (
            say("touch.visits_title"),
            say("touch.visits", n=item.visits) if item.visits else say("touch.visits_none"),
        ),
        (say("touch.result_title"), item.result),
        (say("touch.where"), say("touch.where_n", windows=("、" if lang == "zh" else ", ").join(windows))),
        (
            say("touch.department_at"),
            " ".join(filter(None, (department.place, department.phone))) if department else "",
        ),
        (say("touch.address"), centre.address),
        (say("touch.phone"), centre.hotline),
    ]
    return {
        "department": (department.name_en if lang == "en" else department.name) if department else "",
        "bring": [
            {
                "name": m.name,
                "form": say(f"touch.form.{m.form}") if m.form in FORMS else m.form,
                "required": m.required,
                "deferrable": m.deferrable,
            }
            for m in item.materials
            if not m.shared
        ],
        "fetched": [m.name for m in item.materials if m.shared],
        "lines": [(title, words) for title, words in lines if words],
    }


def _fee(item: Service, say: Say) -> str:
    if item.fee_yuan is None:
        return say("touch.fee_unknown")
    if item.fee_yuan == 0:
        return say("touch.fee_none")
    basis = say("touch.fee_basis", basis=item.fee_basis) if item.fee_basis else ""
    return " ".join(filter(None, (say("touch.fee", n=f"{item.fee_yuan:g}"), basis)))


def _limit(limit: Limit | None, say: Say) -> str:
    if limit is None or limit.unit not in ("immediate", "workday", "calendar_day"):
        return say("touch.limit_unknown")
    if limit.unit == "immediate" or limit.n == 0:
        return say("touch.limit_immediate")
    return say(f"touch.limit_{limit.unit}", n=limit.n)
