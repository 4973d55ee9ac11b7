"""手机取号: a number for somebody who is not in the hall yet."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from server.actions.quotas import LONG, TWICE, open_number
from server.actions.take_number import Taken, take_number
from server.domain import refusals
from server.domain.opening import opening
from server.domain.remote import check_phone, check_remote, check_way
from server.domain.slips import SlipBook
from server.settings import HallSettings
from server.store.days import find_day
from server.store.quotas import given, numbers_of
from server.store.remote import given_by_phone
from server.store.unit import Unit


def take_remote(
    unit: Unit, hall: HallSettings, slips: SlipBook, base_url: str, service: str, lang: str, phone: str
) -> Taken:
    """The next number of the service's queue, away until its holder is in the hall. phone: the keyed hash of
    who takes it (domain/remote.session_key).

    Of the ordinary class: any other is proved in the hall. The page has shown how many are ahead, so nobody
    is asked again. Raises RemoteOff, RemoteNot, RemoteHours, RemoteFull, RemoteLimit, and what taking a
    number raises.
    """
    item, rules = hall.catalogue.services.get(service), hall.hall.remote
    if item is None:
        raise refusals.ServiceUnknown(service="?")  # what came from outside is not repeated
    if unit.day is not None and open_number(unit, phone, service) is None:
        queue, zone = hall.catalogue.queues[item.queue], ZoneInfo(hall.hall.centre.timezone)
        by_phone = given_by_phone(unit.connection, unit.hall, unit.day)
        check_remote(
            rules,
            queue,
            item,
            unit.now.astimezone(zone).time(),
            today=sum(by_phone.values()),
            given=given(unit.connection, unit.hall, unit.day, queue.prefix),
            by_phone=by_phone.get(queue.prefix, 0),
        )
        day = find_day(unit.connection, unit.hall, unit.day)
        if day is not None and not day.by_hand:
            windows = [hall.catalogue.windows[w] for w in hall.catalogue.serving[queue.prefix]]
            found = opening(hall.calendar, queue, windows, date.fromisoformat(day.day))
            check_way(rules, found, unit.now.astimezone(zone).replace(tzinfo=None))
        check_phone(
            rules, [is_open for _, _, is_open in numbers_of(unit.connection, unit.hall, unit.day, phone)]
        )
    elif not rules.enabled:
        raise refusals.RemoteOff()
    return take_number(
        unit, hall, slips, base_url, service, lang=lang, person=phone, confirmed=(LONG, TWICE), remote=True
    )
