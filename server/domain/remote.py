"""手机取号: a number taken from outside the hall, and when its holder must be there.

Who takes it by phone is `away`: the number stands in the line of its queue, with the seniority of the
moment it was taken, and nobody can call it. Being present (到场确认) makes it an ordinary waiting number,
with that seniority. Nobody in the hall ever waits for an empty chair: when the rule would call a number
that is away, its turn has come (`due`), somebody who is there is called instead, and the holder has
`grace_minutes` from then on, though never less than `travel_minutes` from taking it. After that the number
is missed like any other that was called (过号) and comes back, as those do, with a share of its seniority
(routing.returned_origin) and within call.no_show_return_minutes. So an early number cannot be parked, and
who stands in the hall loses nothing to one who comes late.

Presence is proved by something that is only in the hall: the kiosk reads the number's code, staff look at
the person, or the phone sends back the digits that the kiosk's screen shows, which change
(`presence_code`).
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from hashlib import sha256
from typing import ClassVar

from server.domain import refusals
from server.domain.calendar import Interval
from server.domain.catalogue import STRICT, Queue, Service
from server.domain.opening import Opening

SESSION = "session:"  # what a ticket's `person` begins with when it is known by its phone's cookie only
SCREEN_DIGITS = 6
CHANGES_S = 120  # so long the screen shows the same digits; they hold for as long again


@dataclass(frozen=True)
class RemoteRules:
    """hall.toml [remote]: what may be taken by phone, by whom, how many. Off unless the hall turns it on."""

    __pydantic_config__: ClassVar[dict[str, object]] = STRICT

    enabled: bool = False
    queues: tuple[
        str, ...
    ] = ()  # only these; none named = every queue whose numbers citizens take themselves
    closed_services: tuple[str, ...] = ()  # never by phone
    hours: tuple[Interval, ...] = ()  # local; none = whenever the kiosk gives numbers
    max_open: int = 1  # numbers that one phone may hold at a time
    max_per_day: int = 2  # and have had in a day
    day_quota: int = 0  # of the hall, 0 = no limit
    share: float = 0.4  # of a queue's numbers of the day, the rest is for those who come ...
    share_from: int = 10  # ... counted from this number of the queue on
    travel_minutes: int = 30  # nobody is missed sooner after taking the number
    grace_minutes: int = 10  # after its turn has come
    present_minutes: int = 10  # be in the hall so long before the expected call
    leave_ahead: int = 5  # "leave now" when so few are ahead
    takes_per_hour: int = 10  # numbers from one network address


def offers(rules: RemoteRules, queue: Queue, service: Service) -> bool:
    """May a number for `service` be taken by phone at all?"""
    named = not rules.queues or queue.prefix in rules.queues
    given = queue.self_register and not service.closed and service.id not in rules.closed_services
    return rules.enabled and named and given


def check_remote(
    rules: RemoteRules, queue: Queue, service: Service, local: time, *, today: int, given: int, by_phone: int
) -> None:
    """May one more number for `service` be taken by phone at `local`?

    today: numbers by phone in the hall today; given, by_phone: those of this queue, all and by phone. Raises
    RemoteOff, ServiceClosed, RemoteNot, RemoteHours, RemoteFull.
    """
    if not rules.enabled:
        raise refusals.RemoteOff()
    if service.closed:
        raise refusals.ServiceClosed(service=service.id, name=service.name, name_en=service.name_en)
    if not offers(rules, queue, service):
        raise refusals.RemoteNot(service=service.id, name=service.name, name_en=service.name_en)
    if rules.hours and not any(begin <= local < end for begin, end in rules.hours):
        told = "、".join(f"{begin:%H:%M}–{end:%H:%M}" for begin, end in rules.hours)
        raise refusals.RemoteHours(hours=told)
    if rules.day_quota and today >= rules.day_quota:
        raise refusals.RemoteFull(name=queue.name, name_en=queue.name_en, queue=queue.prefix)
    if given >= rules.share_from and by_phone + 1 > rules.share * (given + 1):
        raise refusals.RemoteFull(name=queue.name, name_en=queue.name_en, queue=queue.prefix)


def check_way(rules: RemoteRules, opening: Opening | None, local: datetime) -> None:
    """Could who sets out at `local` (naive, of the hall) be there before the windows close? No number that
    nobody will call. Raises RemoteHours while the kiosk still gives numbers."""
    if opening is None or local >= opening.stop:
        return  # nobody gets one: the refusal of every number says when
    last = opening.end - timedelta(minutes=rules.travel_minutes)
    if local > last:
        raise refusals.RemoteHours(hours=f"{opening.first:%H:%M}–{last:%H:%M}")


def check_phone(rules: RemoteRules, held: Iterable[bool]) -> None:
    """May the phone that had numbers today (True: still open) take one more? Raises RemoteLimit."""
    had = list(held)
    if sum(had) >= rules.max_open:
        raise refusals.RemoteLimit(limit=rules.max_open, open=True)
    if len(had) >= rules.max_per_day:
        raise refusals.RemoteLimit(limit=rules.max_per_day, open=False)


def present_by(rules: RemoteRules, taken_at: datetime, due_at: datetime) -> datetime:
    """Until when its holder must be there, once the turn of a number has come."""
    grace, travel = timedelta(minutes=rules.grace_minutes), timedelta(minutes=rules.travel_minutes)
    return max(due_at + grace, taken_at + travel)


def must_leave(rules: RemoteRules, ahead: int, expected_at: datetime | None, now: datetime) -> bool:
    """Is it time to set out? Few are ahead, or the way and the time to be there before are as long as the
    wait."""
    before = timedelta(minutes=rules.travel_minutes + rules.present_minutes)
    return ahead <= rules.leave_ahead or (expected_at is not None and expected_at - now <= before)


def session_key(key: bytes, session: str) -> str:
    """Whose phone it is: a keyed hash of the cookie, which nobody can turn back."""
    return f"{SESSION}{hmac.new(key, f'remote:{session}'.encode(), sha256).hexdigest()}"


def presence_code(key: bytes, now: datetime) -> str:
    """The digits that the hall's screens show at `now`."""
    return _code(key, int(now.timestamp()) // CHANGES_S)


def is_present(key: bytes, code: str, now: datetime) -> bool:
    """Are these the digits of now, or the ones before? Who reads them needs a while to type."""
    turn = int(now.timestamp()) // CHANGES_S
    return any(hmac.compare_digest(code.encode(), _code(key, n).encode()) for n in (turn, turn - 1))


def changes_at(now: datetime) -> datetime:
    """When the screens show other digits."""
    return datetime.fromtimestamp((int(now.timestamp()) // CHANGES_S + 1) * CHANGES_S, now.tzinfo)


def _code(key: bytes, turn: int) -> str:
    drawn = hmac.new(key, f"present:{turn}".encode(), sha256).digest()
    return str(int.from_bytes(drawn[:8], "big") % 10**SCREEN_DIGITS).zfill(SCREEN_DIGITS)
