"""Which window takes what (综合窗口改革): overrides that a manager publishes over the hall's files, and what
they make of the catalogue.

A placement says only what differs from the files. It holds for the next ticket; tickets that wait keep their
queue, so a queue that was once defined stays defined.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from typing import ClassVar

from server.domain import refusals
from server.domain.catalogue import (
    STRICT,
    Catalogue,
    Mandate,
    Mode,
    Queue,
    Service,
    Window,
    WindowClass,
    parse_overflow,
)

LETTERS = frozenset("ABCDEFGHJKLMNPRSTUVWXY")  # I, O, Q and Z look like digits on LED segments


@dataclass(frozen=True)
class WindowPlace:
    """What one window takes: its own queues, the classes it belongs to, and whom it helps."""

    __pydantic_config__: ClassVar[dict[str, object]] = STRICT

    queues: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    overflow: tuple[str, ...] = ()


@dataclass(frozen=True)
class Placement:
    """The published overrides. Empty = the files as they are."""

    __pydantic_config__: ClassVar[dict[str, object]] = STRICT

    mode: Mode | None = None  # of every queue that has no mode of its own here
    modes: dict[str, Mode] = field(default_factory=dict)  # queue -> mode
    services: dict[str, str] = field(default_factory=dict)  # service -> queue
    windows: dict[str, WindowPlace] = field(default_factory=dict)
    classes: tuple[WindowClass, ...] = ()
    queues: tuple[Queue, ...] = ()  # queues that the files do not have
    mandates: tuple[Mandate, ...] = ()


@dataclass(frozen=True)
class Change:
    """One difference between two catalogues, for the manager to read before publishing and for the record."""

    kind: str  # service | window | queue | mode | class | mandate
    what: str
    name: str
    before: str
    after: str


def placed(files: Catalogue, placement: Placement) -> Catalogue:
    """The catalogue that holds with `placement` over `files`."""
    queues = {**files.queues, **{q.prefix: q for q in placement.queues}}
    queues = {
        p: replace(q, mode=placement.modes.get(p) or placement.mode or q.mode) for p, q in queues.items()
    }
    classes = {**files.classes, **{c.id: c for c in placement.classes}}
    windows = {w.id: _window(w, placement, queues, classes) for w in files.windows.values()}
    services = {
        s.id: replace(s, queue=placement.services[s.id]) if s.id in placement.services else s
        for s in files.services.values()
    }
    return replace(
        files,
        queues=queues,
        windows=windows,
        services=services,
        classes=classes,
        mandates=(*files.mandates, *placement.mandates),
        serving={q: tuple(w.id for w in windows.values() if q in w.queues) for q in queues},
    )


def _window(
    window: Window, placement: Placement, queues: dict[str, Queue], classes: dict[str, WindowClass]
) -> Window:
    if window.out:
        return replace(window, queues=(), overflow=())
    place = placement.windows.get(window.id) or WindowPlace(window.queues, window.classes, window.overflow)
    grouped = [q for c in place.classes if c in classes for q in classes[c].queues]
    takes = {
        "by_department": lambda q: q in place.queues,
        "grouped": lambda q: q in grouped,
        "undifferentiated": lambda q: q in place.queues or window.kind == "comprehensive",
    }
    order = dict.fromkeys([*place.queues, *grouped, *queues])
    served = tuple(q for q in order if q in queues and takes[queues[q].mode](q))
    return replace(window, queues=served, classes=place.classes, overflow=place.overflow)


def check_placement(
    files: Catalogue, placement: Placement, on: date, needed: Collection[str] = ()
) -> Catalogue:
    """The catalogue `placement` makes, when it may be published on the day `on`.

    `needed`: queues in which somebody waits. Raises PlacementUnknown for names that nobody knows,
    QueuePrefixWrong, QueueUnserved when no window would take a queue that has services or people,
    MandateMissing when an item would come to comprehensive windows without its department's mandate.
    """
    _check_names(files, placement)
    after = placed(files, placement)
    wanted = {s.queue for s in after.services.values()} | set(needed)
    for q in sorted(wanted):
        if not after.serving.get(q):
            name = after.queues[q].name if q in after.queues else q
            raise refusals.QueueUnserved(queue=q, name=name)
    own = {s.id for s in _comprehensive(placed(files, Placement()))}
    for service in _comprehensive(after):
        if service.id not in own and not has_mandate(after.mandates, service, on):
            department = after.departments.get(service.department)
            raise refusals.MandateMissing(
                service=service.id, name=service.name, department=department.name if department else ""
            )
    return after


def _check_names(files: Catalogue, placement: Placement) -> None:
    for queue in placement.queues:
        if not queue.prefix or not LETTERS.issuperset(queue.prefix) or queue.prefix in files.queues:
            raise refusals.QueuePrefixWrong(prefix=queue.prefix)
    queues = {*files.queues, *(q.prefix for q in placement.queues)}
    classes = {*files.classes, *(c.id for c in placement.classes)}
    places = placement.windows.values()
    pooled = [parse_overflow(entry) for place in places for entry in place.overflow]
    _known("service", placement.services, files.services)
    _known("service", (s for _, s in pooled if s is not None), files.services)
    _known("window", placement.windows, files.windows)
    _known("class", (c for place in places for c in place.classes), classes)
    _known("queue", (q for place in places for q in place.queues), queues)
    _known("queue", (q for q, _ in pooled), queues)
    _known("queue", (q for c in placement.classes for q in c.queues), queues)
    _known("queue", (*placement.services.values(), *placement.modes), queues)


def _known(kind: str, names: Iterable[str], known: Collection[str]) -> None:
    for name in names:
        if name not in known:
            raise refusals.PlacementUnknown(kind=kind, what=name)


def _comprehensive(catalogue: Catalogue) -> list[Service]:
    """The services of departments that some comprehensive window takes as its own."""
    pools = {q for w in catalogue.windows.values() if w.kind == "comprehensive" for q in w.queues}
    return [s for s in catalogue.services.values() if s.queue in pools and s.department]


def has_mandate(mandates: Iterable[Mandate], service: Service, on: date) -> bool:
    """Has the service's department given its mandate, and does it hold on the day `on`?"""
    return any(
        m.department == service.department
        and m.service in ("*", service.id)
        and m.since <= on
        and (m.until is None or on <= m.until)
        for m in mandates
    )


def differences(before: Catalogue, after: Catalogue) -> list[Change]:
    """What changes from one catalogue to the other, in the order in which a manager thinks."""
    found: list[Change] = []
    for q in after.queues.values():
        was = before.queues.get(q.prefix)
        if was is None:
            found.append(Change("queue", q.prefix, q.name, "", q.name))
        if was is None or was.mode != q.mode:
            found.append(Change("mode", q.prefix, q.name, was.mode if was else "", q.mode))
    for c in after.classes.values():
        old = before.classes.get(c.id)
        if old != c:
            found.append(
                Change("class", c.id, c.name, "、".join(old.queues) if old else "", "、".join(c.queues))
            )
    found += [
        Change("class", c.id, c.name, "、".join(c.queues), "")
        for c in before.classes.values()
        if c.id not in after.classes
    ]
    for s in after.services.values():
        queue = before.services[s.id].queue
        if queue != s.queue:
            found.append(Change("service", s.id, s.name, queue, s.queue))
    for w in after.windows.values():
        a, b = _takes(before.windows[w.id]), _takes(w)
        if a != b:
            found.append(Change("window", w.id, w.name, a, b))
    for m in set(after.mandates) ^ set(before.mandates):
        given = f"{m.department}:{m.service}"
        sides = ("", m.document or "+") if m in after.mandates else (m.document or "+", "")
        found.append(Change("mandate", given, given, *sides))
    return found


def _takes(window: Window) -> str:
    return "、".join(window.queues) + (f" ({'、'.join(window.overflow)})" if window.overflow else "")
