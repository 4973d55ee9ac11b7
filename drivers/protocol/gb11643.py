"""The citizen number (公民身份号码): 17 digits and a check character, ISO 7064 MOD 11-2.

    6 region   8 birth yyyymmdd   3 order (odd = male)   1 check: 0..9 or X

Source: GB 11643-1999 with its worked example, PAT B1031 samples [A]. Residence permits for HK, Macao and
Taiwan residents (regions 81..83) and the 2023 card of foreign permanent residents (first digit 9) are
read by the same rule [U].
"""

from __future__ import annotations

import re
from datetime import date
from typing import Final

WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK: Final = "10X98765432"
_FORM: Final = re.compile(r"\d{17}[\dXx]", re.ASCII)


def check_character(first: str) -> str:
    """The 18th character for 17 digits."""
    return CHECK[sum(int(digit) * weight for digit, weight in zip(first, WEIGHTS, strict=True)) % 11]


def birth_of(number: str) -> date | None:
    """The day in digits 7..14, None when the number has another form or there is no such day."""
    if _FORM.fullmatch(number) is None:
        return None
    return day_of(number[6:14])


def is_valid(number: str) -> bool:
    """Form, check character (x is X) and a real day of birth."""
    return birth_of(number) is not None and check_character(number[:17]) == number[17].upper()


def day_of(digits: str) -> date | None:
    """A yyyymmdd of a card, None when it is no day (长期, spaces, noise)."""
    if re.fullmatch(r"[0-9]{8}", digits) is None:
        return None
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None
