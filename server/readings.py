"""What a card reader said, as the kiosk beside it carries it: closed, good for that kiosk and some minutes.

Number and day of birth end here: the number becomes the keyed hash, the day a priority class or none.
Nothing is stored, logged or audited; the closed reading lives in the kiosk's page until the visit is over.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from server.domain.persons import Kind, Reading, class_of_age, person_key
from server.domain.refusals import CardExpired, PersonInvalid
from server.keys import Seal
from server.settings import HallSettings

GOOD_FOR = timedelta(minutes=5)
#: kind of card, as drivers/protocol/id_record.py names it -> kind of number
NUMBERS: dict[str, Kind] = {
    "mainland": "id_card",
    "hmt": "id_card",
    "foreign_2023": "id_card",
    "foreign_2017": "foreign_card",
}


def read_card(
    key: bytes, hall: HallSettings, kiosk: str, card: Mapping[str, Any], now: datetime
) -> tuple[str, Reading]:
    """The closed reading of a card that lies at `kiosk`, and what is in it. `card`: kind, number, birth
    (ISO).

    Raises PersonInvalid.
    """
    kind = NUMBERS.get(str(card.get("kind")))
    if kind is None:
        raise PersonInvalid(kind="card")
    try:
        birth = date.fromisoformat(str(card.get("birth")))
    except ValueError:
        birth = None
    today = now.astimezone(hall.zone).date()
    aged = class_of_age(birth, today, hall.hall.priority.classes)
    reading = Reading(person_key(key, kind, str(card.get("number"))), aged, kiosk)
    until = (now + GOOD_FOR).timestamp()
    facts = {"person": reading.person, "aged": aged, "kiosk": kiosk, "until": until}
    return _seal(key).close(json.dumps(facts).encode()), reading


def open_reading(key: bytes, closed: str, kiosk: str | None, now: datetime) -> Reading:
    """Raises CardExpired for what is too old, from another kiosk, or no reading at all."""
    plain = _seal(key).open(closed)
    facts = json.loads(plain) if plain is not None else {}
    if kiosk is None or facts.get("kiosk") != kiosk or facts["until"] < now.timestamp():
        raise CardExpired()
    return Reading(facts["person"], facts["aged"], kiosk)


def _seal(key: bytes) -> Seal:
    return Seal(key, "card reading")
