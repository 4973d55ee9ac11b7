"""Who takes a number, without knowing who: a keyed hash of an identity or phone number, good for
"the same again"."""

from __future__ import annotations

import hmac
import re
from hashlib import sha256
from typing import Literal

from server.domain.refusals import PersonInvalid

Kind = Literal["id_card", "phone"]

_PHONE = re.compile(r"1[3-9]\d{9}", re.ASCII)
_ID_CARD = re.compile(r"\d{17}[\dX]", re.ASCII)
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # GB 11643
_CHECK = "10X98765432"


def person_key(key: bytes, kind: Kind, number: str) -> str:
    """The same number gives the same key in this hall, and nobody can go back. Raises PersonInvalid."""
    plain = re.sub(r"[\s-]", "", number).upper()
    if not (is_phone(plain) if kind == "phone" else is_id_card(plain)):
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
