"""What a person at a window may call: the skills of the window and of the person both count, and a
skill may end."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from server.domain.catalogue import Catalogue, Person, Queue, Window, parse_overflow

Pool = tuple[str, str | None]  # a queue, and one service of it or None for all

WARN = timedelta(days=14)  # a skill that ends within this is told to the manager


def is_able(person: Person, queue: Queue, roster: Mapping[str, Window], on: date) -> bool:
    """May `person` call from `queue` on the day `on`?

    Able are those with the skill, and those who are rostered (A or B role) for a window that has the queue in
    the hall's own files. A skill past its last day counts for nobody.
    """
    skill = queue.skill_needed
    if skill is None:
        return True
    until = person.skill_until.get(skill)
    if until is not None and on > until:
        return False
    return skill in person.skills or queue.prefix in _rostered(person, roster)


def _rostered(person: Person, roster: Mapping[str, Window]) -> set[str]:
    posts = [roster[w] for w in (person.a_window, *person.b_windows) if w in roster]
    return {q for w in posts for q in (*w.queues, *(parse_overflow(o)[0] for o in w.overflow))}


def own_pools(
    window: Window, person: Person | None, now: Catalogue, files: Catalogue, on: date
) -> tuple[Pool, ...]:
    """The window's own queues that its person may call; a person who is no longer on file may call none."""
    queues = (q for q in window.queues if person and is_able(person, now.queues[q], files.windows, on))
    return tuple((q, None) for q in queues)


def help_pools(
    window: Window, person: Person | None, now: Catalogue, files: Catalogue, on: date
) -> tuple[Pool, ...]:
    """What the window may call once its own queues are empty, as far as its person is able."""
    pools = map(parse_overflow, window.overflow)
    return tuple(p for p in pools if person and is_able(person, now.queues[p[0]], files.windows, on))


def ending_skills(people: Mapping[str, Person], on: date) -> dict[str, date]:
    """person:skill -> last day, of all skills that have ended or end within WARN."""
    return {
        f"{p.id}:{skill}": until
        for p in people.values()
        for skill, until in p.skill_until.items()
        if until <= on + WARN
    }
