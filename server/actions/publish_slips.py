"""A manager changes what slips say: tried out before, published as a numbered version, taken back like
one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any

from server.actions.print_slip import english_facts, notice_facts
from server.domain import refusals
from server.domain.catalogue import Service
from server.domain.events import SlipsPublished
from server.domain.papers import NOTICE, PAPERS, SAMPLE, TICKET
from server.domain.slips import Known, Part, SlipBook, SlipTemplate, check_book, check_template, compose
from server.settings import HallSettings
from server.store.slip_books import add_slips_version, find_slips_version
from server.store.unit import Unit

Templates = Mapping[str, SlipTemplate]


def known_to(hall: HallSettings, images: Collection[str]) -> Known:
    return Known(hall.catalogue.services, hall.catalogue.queues, images)


def book_with(hall: HallSettings, own: Templates) -> SlipBook:
    """The book that holds with `own` published over the files."""
    return replace(hall.file_slips, templates={**hall.file_slips.templates, **own}, models=hall.slips.models)


def publish_slips(
    unit: Unit,
    hall: HallSettings,
    own: Templates,
    images: Collection[str],
    base: int,
    note: str,
    rolled_back_to: int | None = None,
) -> int:
    """Publish `own`, all templates that differ from the files, made from version `base`; its number.

    It holds for the next paper; papers that are owed stay as they were. Raises SlipsStale, SlipsInvalid,
    SlipsSame.
    """
    if base != unit.slips:
        raise refusals.SlipsStale(version=unit.slips, base=base)
    after = book_with(hall, own).templates
    troubles = check_book(after, known_to(hall, images))
    if troubles:
        raise refusals.SlipsInvalid(
            troubles=[vars(t) for t in troubles], first=troubles[0].zh, where=troubles[0].key
        )
    changes = slip_changes(hall.slips.templates, after)
    if not changes:
        raise refusals.SlipsSame(version=unit.slips)
    different = {name: t for name, t in own.items() if hall.file_slips.templates.get(name) != t}
    version = add_slips_version(unit, different, changes, note, rolled_back_to)
    unit.add(SlipsPublished(version))
    unit.note("slips.publish", f"slips:{version}", base=base, rolled_back_to=rolled_back_to, changes=changes)
    return version


def roll_slips_back(unit: Unit, hall: HallSettings, version: int, images: Collection[str], base: int) -> int:
    """Put an older version in force again, as a new one (0 = the files). Raises SlipsUnknown too."""
    try:
        old = find_slips_version(unit.connection, unit.hall, version)
    except LookupError:
        raise refusals.SlipsUnknown(what=str(version)) from None
    return publish_slips(unit, hall, old.body, images, base, "", rolled_back_to=version)


def slip_changes(before: Templates, after: Templates) -> list[dict[str, Any]]:
    """What changes, template by template: {what, title, kind: new | changed | gone}."""
    found = []
    for name in dict.fromkeys((*after, *before)):
        kind = "new" if name not in before else "gone" if name not in after else "changed"
        if before.get(name) != after.get(name):
            title = (after.get(name) or before[name]).title or name
            found.append({"what": name, "title": title, "kind": kind})
    return found


def preview_parts(
    hall: HallSettings,
    template: SlipTemplate,
    images: Collection[str],
    service: str,
    choices: Collection[str],
    say: Callable[[str], str],
    slogan: str,
) -> list[Part]:
    """The template filled for a service of the hall, the rest made up; `choices`: facts that are true.

    Raises SlipsInvalid, ServiceUnknown.
    """
    troubles = check_template(template, known_to(hall, images))
    if troubles:
        raise refusals.SlipsInvalid(
            troubles=[vars(t) for t in troubles], first=troubles[0].zh, where=troubles[0].key
        )
    item = hall.catalogue.services.get(service)
    if item is None:
        raise refusals.ServiceUnknown(service=service)
    facts = sample_facts(hall, template.paper, item, choices, say)
    return compose(template, {**facts, "slogan": slogan})


def sample_facts(
    hall: HallSettings, paper: str, item: Service, choices: Collection[str], say: Callable[[str], str]
) -> dict[str, object]:
    """Facts of a paper nobody asked for: the hall's own names, made-up numbers."""
    queue = hall.catalogue.queues[item.queue]
    english = "service_en" in choices
    own = notice_facts(hall, item, range(len(item.materials)), str(SAMPLE["note"]), say, english)
    if paper != NOTICE or not own["materials"]:
        own["materials"] = SAMPLE["materials"]
    facts: dict[str, object] = {
        **SAMPLE,
        **own,
        "days": SAMPLE["days"],
        "number": f"{queue.prefix}{12:0{queue.digits}d}",
        "queue": queue.name,
        "service_en": item.name_en,
    }
    for choice in ("reprint", "appointment", "wait", "wait_soon", "wait_unknown", "service_en"):
        if choice not in choices:
            facts[choice] = ""
        elif not facts.get(choice):
            facts[choice] = True
    if paper == TICKET:
        facts["windows_en"] = str(facts["windows"]).replace("、", ", ") if english else ""
        facts |= english_facts({"offline": "", "items": "", **facts}, "")
    kind = PAPERS[paper]
    return {name: facts.get(name, "") for name in (*kind.facts, *kind.lists)}
