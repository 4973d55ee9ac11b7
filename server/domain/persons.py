"""Who takes a number, without knowing who: a keyed hash of an identity or phone number, good for
"the same again"; and what a card that was laid on a reader proves.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Literal, Protocol

from server.domain.refusals import PersonInvalid
from server.domain.routing import ORDINARY

Kind = Literal["id_card", "foreign_card", "phone"]
BY_BIRTH = "id_card_birth_date"  # a priority class that the day of birth on the card decides

_PHONE = re.compile(r"1[3-9]\d{9}", re.ASCII)
_ID_CARD = re.compile(r"\d{17}[\dX]", re.ASCII)
_FOREIGN_CARD = re.compile(r"[A-Z]{3}\d{12}", re.ASCII)  # 外国人永久居留身份证 of 2017 [U]
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # GB 11643
_CHECK = "10X98765432"


def person_key(key: bytes, kind: Kind, number: str) -> str:
    """The same number gives the same key in this hall, and nobody can go back. Raises PersonInvalid."""
    plain = re.sub(r"[\s-]", "", number).upper()
    if not _FORMS[kind](plain):
        raise PersonInvalid(kind=kind)
    return f"{kind}:{hmac.new(key, f'{kind}:{plain}'.encode(), sha256).hexdigest()}"


def is_phone(number: str) -> bool:
    return _PHONE.fullmatch(number) is not None


def is_id_card(number: str) -> bool:
    """18 characters whose last one is the check digit modulo 11 (GB 11643)."""
    if _ID_CARD.fullmatch(number) is None:
        return False
    total = sum(int(d) * w for d, w in zip(number, _WEIGHTS, strict=False))
    return _CHECK[total % 11] == number[17]


def is_foreign_card(number: str) -> bool:
    """The number of a foreign permanent resident's card of 2017: three letters, twelve digits."""
    return _FOREIGN_CARD.fullmatch(number) is not None


_FORMS = {"phone": is_phone, "id_card": is_id_card, "foreign_card": is_foreign_card}


# --- a card on a reader
class AgeClass(Protocol):
    """What of a priority class (hall.toml) counts here."""

    @property
    def id(self) -> str: ...
    @property
    def verify(self) -> str: ...
    @property
    def min_age(self) -> int | None: ...


@dataclass(frozen=True)
class Reading:
    """A card that was read at `kiosk`: whose it is, as a keyed hash, and the class its day of birth gives.

    aged: the class, "" for none. Neither number nor name nor day of birth is in it.
    """

    person: str
    aged: str
    kiosk: str


def age_on(birth: date, today: date) -> int:
    """Full years. Who is born on 29 February is a year older on 1 March."""
    return today.year - birth.year - ((today.month, today.day) < (birth.month, birth.day))


def class_of_age(birth: date | None, today: date, classes: Iterable[AgeClass]) -> str:
    """The class that the day of birth gives without being asked for; the highest age counts, "" is none."""
    if birth is None or birth > today:
        return ""
    age = age_on(birth, today)
    mine = [(c.min_age, c.id) for c in classes if c.verify == BY_BIRTH and c.min_age is not None]
    return max(((least, id) for least, id in mine if least <= age), default=(0, ""))[1]


def proven_class(chosen: str, reading: Reading | None, classes: Iterable[AgeClass]) -> str:
    """The class of who takes a number: an ordinary one becomes what the card proves, and a class of age
    that the card disproves is an ordinary one. What else was chosen is looked at by people.
    """
    if reading is None:
        return chosen
    by_age = {c.id for c in classes if c.verify == BY_BIRTH}
    return (reading.aged or ORDINARY) if chosen == ORDINARY or chosen in by_age else chosen
