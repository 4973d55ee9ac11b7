"""The facts of a service in words, as the page behind the kiosk's QR code tells them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from server.api.told import Tell, Told
from server.domain.catalogue import Limit, Service
from server.settings import HallSettings

Say = Callable[..., str]
FORMS = frozenset({"original", "copy", "form", "photo", "electronic", "onsite"})


def guide_facts(hall: HallSettings, item: Service, say: Say, tell: Tell, comma: str) -> dict[str, Any]:
    """{department, bring: [{name, form, required, deferrable}], fetched: [name], lines: [(title, words)]}:
    each name Told, each `words` a list of what stands side by side."""
    department = hall.catalogue.departments.get(item.department)
    windows = [hall.catalogue.windows[w].number for w in hall.catalogue.serving[item.queue]]
    centre = hall.hall.centre
    lines: list[tuple[str, list[Told | str]]] = [
        (say("touch.fee_title"), _fee(item, say, tell)),
        (say("touch.limit_title"), [_limit(item.promised_limit, say)]),
        (
            say("touch.visits_title"),
            [say("touch.visits", n=item.visits) if item.visits else say("touch.visits_none")],
        ),
        (say("touch.result_title"), [tell(item.result, item.result_en)]),
        (say("touch.where"), [say("touch.where_n", windows=comma.join(windows))]),
        (
            say("touch.department_at"),
            [tell(department.place, department.place_en), department.phone] if department else [],
        ),
        (say("touch.address"), [tell(centre.address, centre.address_en)]),
        (say("touch.phone"), [centre.hotline]),
    ]
    return {
        "department": tell(department.name, department.name_en) if department else "",
        "bring": [
            {
                "name": tell(m.name, m.name_en),
                "form": form_words(m.form, say),
                "required": m.required,
                "deferrable": m.deferrable,
            }
            for m in item.materials
            if not m.shared
        ],
        "fetched": [tell(m.name, m.name_en) for m in item.materials if m.shared],
        "lines": [(title, list(filter(None, words))) for title, words in lines if any(words)],
    }


def form_words(form: str, say: Say) -> str:
    """Original, copy …; another is words already."""
    return say(f"touch.form.{form}") if form in FORMS else form


def _fee(item: Service, say: Say, tell: Tell) -> list[Told | str]:
    if item.fee_yuan is None:
        return [say("touch.fee_unknown")]
    if item.fee_yuan == 0:
        return [say("touch.fee_none")]
    told = tell(item.fee_basis, item.fee_basis_en)
    basis = Told(say("touch.fee_basis", basis=told.words), told.tongue) if told else ""
    return [say("touch.fee", n=f"{item.fee_yuan:g}"), basis]


def _limit(limit: Limit | None, say: Say) -> str:
    if limit is None or limit.unit not in ("immediate", "workday", "calendar_day"):
        return say("touch.limit_unknown")
    if limit.unit == "immediate" or limit.n == 0:
        return say("touch.limit_immediate")
    return say(f"touch.limit_{limit.unit}{'_1' if limit.n == 1 else ''}", n=limit.n)
