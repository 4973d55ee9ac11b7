"""重置密码: somebody forgot; they get a one-time password and all their sessions end."""

from __future__ import annotations

from server.domain import refusals
from server.settings import HallSettings
from server.store.people import set_password
from server.store.sessions import end_sessions_of
from server.store.unit import Unit


def reset_password(unit: Unit, hall: HallSettings, person: str, once_hash: str) -> None:
    """Also makes the account of somebody who joined after the set-up. Raises NotFound."""
    if person not in hall.catalogue.people:
        raise refusals.NotFound()
    set_password(unit, person, once_hash, one_time=True)
    end_sessions_of(unit, person)
    unit.note("password.reset", f"person:{person}")
