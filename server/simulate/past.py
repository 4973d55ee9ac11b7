"""The demand as the hall's own days had it, in the words of arrivals.toml: the walk-ins, or all who came."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace

from server.domain.catalogue import Catalogue
from server.domain.estimate.times import Learned
from server.domain.routing import ORDINARY
from server.simulate.arrivals import WEEKDAYS, Arrivals, Share, as_published

DAY_QUARTERS = 96
LEAST_WORK = 0.5  # minutes at the window


def walk_ins_of_past(past: Learned, told: Arrivals, now: Catalogue) -> Arrivals | None:
    """Without appointments; what nobody measured is as `told`, and nobody comes for what the hall as it is
    published (`now`) does not offer. None: there is not enough past."""
    profile = past.profile
    if profile is None or not profile.quarters:
        return None
    shares: defaultdict[str, float] = defaultdict(float)
    for share, service, _ in profile.mix:
        shares[service] += share
    # with the empty quarter after the last, where its numbers end
    quarters = [q for q in range(min(profile.quarters), max(profile.quarters) + 2) if q < DAY_QUARTERS]
    own = replace(
        told,
        base_tickets_per_day=sum(profile.quarters.values()),
        appointment_share=0.0,
        priority_share=sum(share for share, _, cls in profile.mix if cls != ORDINARY),
        weekday_factor={WEEKDAYS[d]: factor for d, factor in profile.weekday.items()},
        profile_half_hour={f"{q // 4:02d}:{q % 4 * 15:02d}": profile.quarters.get(q, 0.0) for q in quarters},
        mix=tuple(Share(service, share) for service, share in shares.items()),
    )
    return as_published(own, now, now)


def everybody_of_past(past: Learned, told: Arrivals, now: Catalogue) -> Arrivals | None:
    """With those who came by appointment, as often as they did, at the times of the walk-ins."""
    own = walk_ins_of_past(past, told, now)
    if own is None:
        return None
    many = 1 + sum(past.by_appointment.values())  # people to each walk-in
    shares = defaultdict(float, {m.service: m.share for m in own.mix})
    for service, to_each in past.by_appointment.items():
        shares[service] += to_each
    everybody = replace(
        own,
        base_tickets_per_day=own.base_tickets_per_day * many,
        appointment_share=(many - 1) / many,
        priority_share=own.priority_share / many,
        mix=tuple(Share(service, share / many) for service, share in shares.items()),
    )
    return as_published(everybody, now, now)


def minutes_of_past(past: Learned, arrivals: Arrivals, catalogue: Catalogue) -> Mapping[str, float]:
    """Service -> mean minutes at the window as measured, without the way from the call to there."""
    walk = arrivals.call_to_arrival_seconds.mean / 60
    return {s: max(time.mean - walk, LEAST_WORK) for s, time in past.times.items() if s in catalogue.services}
