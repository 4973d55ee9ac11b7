"""A pooled hall in which estimates are judged, and the truth about it that no hall can know.

438 numbers on an ordinary day, a quarter by appointment every ten minutes, 8 % with a right to go first; half
of those who miss a call come back; no window's share of protected calls is capped. QUEUEING 2 does not say
how many of its 14 windows take everything, how much its weekdays differ and how long its visits are. They are
set so that the rows come out which our estimator has no part in, over 100 days (paper, here): GATE, with its
gamma 0 in brackets, mean 12.8 (13.8), 12.9 (14.1) min; walk-ins p95 73 (74), 65 (69) min, over 30 min 23
(27), 24 (28) %; lost 2.8 (3.2), 2.9 (3.2) %; priority p95 7 (7), 6 (6) min; late appointments 0.5, 1.3 %.
Error of "last to enter service" 9.1, 8.4 min (RMSE 17.2, 17.2), of LightGBM's median 4.0, 4.1 min.

`truth` gives the estimator the very distributions that the days are drawn from; how far it is off even then
bounds every estimator.
"""

from __future__ import annotations

from dataclasses import replace
from math import exp, log, sqrt

from server.domain.estimate.coming import QUARTER, Profile, Showing
from server.domain.estimate.leaving import AGES, Leaving
from server.domain.estimate.times import Learned, ServiceTime
from server.domain.routing import ORDINARY
from server.simulate.arrivals import BACK_MIN, EARLY_MIN, WEEKDAYS, sigma_of
from server.simulate.foresight import Tuning
from server.simulate.run import World
from server.simulate.scenario import Scenario

TICKETS, BOOKED, FIRST = 438, 0.25, 0.08
SLOT_MIN = 10
DIFFER = 0.75  # exponent on the demo hall's weekday factors
BRISK = 0.98  # of the listed minutes
BACK = 0.5  # of those who missed a call
POOLED = Scenario(name="pooled", back_share=BACK)
SPECIAL = ("W05", "W07", "W08", "W10")  # social matters, real estate, police
HELPS = ("A", "B")
CLOSED = 0.5  # weekdays below this factor are the weekend
SURE = 1e9  # so much evidence that nothing of today changes the rate


def pooled(world: World) -> World:
    """The same hall and demand, pooled and crowded."""
    catalogue = world.hall.catalogue
    everything = tuple(catalogue.queues)
    queues = {q.prefix: replace(q, skill="*") for q in catalogue.queues.values()}  # everybody is able
    windows = {
        w.id: replace(w, overflow=tuple(q for q in HELPS if q not in w.queues))
        if w.id in SPECIAL
        else replace(w, kind="comprehensive", queues=everything, overflow=(), default_state="open")
        for w in catalogue.windows.values()
    }
    services = {s.id: replace(s, avg_minutes=s.avg_minutes * BRISK) for s in catalogue.services.values()}
    weekdays = {day: f**DIFFER if f > CLOSED else f for day, f in world.arrivals.weekday_factor.items()}
    demand = replace(
        world.arrivals,
        base_tickets_per_day=TICKETS,
        appointment_share=BOOKED,
        priority_share=FIRST,
        weekday_factor=weekdays,
    )
    terms = world.hall.hall
    rules = replace(
        terms,
        appointment=replace(terms.appointment, slot_minutes=SLOT_MIN),
        priority=replace(terms.priority, max_share_of_calls=1.0),
    )
    catalogue = replace(catalogue, windows=windows, queues=queues, services=services)
    hall = replace(world.hall, hall=rules, catalogue=catalogue)
    return replace(world, hall=hall, arrivals=demand)


def truth(world: World) -> Tuning:
    """Puts what the days are drawn from in the place of what was learned."""
    arrivals, services = world.arrivals, world.hall.catalogue.services
    walk, sigma = arrivals.call_to_arrival_seconds, arrivals.service_time.sigma
    walk_min = walk.mean / 60
    walk_sigma = sigma_of(walk_min, walk.p95 / 60)
    times = {}
    for service in services.values():
        work = service.avg_minutes
        variance = work**2 * (exp(sigma**2) - 1) + walk_min**2 * (exp(walk_sigma**2) - 1)
        both = log(1 + variance / (work + walk_min) ** 2)
        times[service.id] = ServiceTime(log(work + walk_min) - both / 2, sqrt(both))
    ends = (*AGES[1:], 2 * AGES[-1])
    missing = tuple(arrivals.missing_share((a + b) / 2) for a, b in zip(AGES, ends, strict=True))
    leaving = Leaving(missing, returning=BACK, back=sum(BACK_MIN) / 2)
    showing, profile = Showing(1.0, *EARLY_MIN), _profile(world)

    def tune(learned: Learned) -> Learned:
        return replace(learned, times=times, pace={}, leaving=leaving, profile=profile, showing=showing)

    return tune


def _profile(world: World) -> Profile:
    arrivals, catalogue = world.arrivals, world.hall.catalogue
    total = sum(part.share for part in arrivals.mix)
    may_book = {
        part.service
        for part in arrivals.mix
        if catalogue.queues[catalogue.services[part.service].queue].appointments
    }
    bookable = sum(part.share for part in arrivals.mix if part.service in may_book)
    booked = min(1.0, arrivals.appointment_share * total / bookable) if bookable else 0.0
    mix = []
    for part in arrivals.mix:
        walk_in = 1 - (booked if part.service in may_book else 0.0)
        first = min(arrivals.priority_share, walk_in)
        mix.append((part.share / total * (walk_in - first), part.service, ORDINARY))
        mix.append((part.share / total * first, part.service, "elder"))
    walk_ins = sum(share for share, _, _ in mix) * arrivals.base_tickets_per_day
    quarters: dict[int, float] = {}
    for begin, end, share in arrivals.profile():
        at = begin
        while at < end:
            quarter = int(at // (QUARTER * 60))
            until = min((quarter + 1) * QUARTER * 60, end)
            quarters[quarter] = quarters.get(quarter, 0.0) + walk_ins * share * (until - at) / (end - begin)
            at = until
    weekday = {i: arrivals.weekday_factor.get(name, 1.0) for i, name in enumerate(WEEKDAYS)}
    return Profile(quarters, weekday, tuple(mix), SURE)
