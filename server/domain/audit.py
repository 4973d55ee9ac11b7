"""The hash chain of the audit trail (I14): hash(n) = SHA-256(hash(n-1) || canonical JSON of line n), hash(0)
= ""."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable


def canonical(line: dict[str, object]) -> str:
    """UTF-8, keys sorted, no spaces."""
    return json.dumps(line, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def chained(previous: str, line: str) -> str:
    """The hash of `line` after `previous`, 64 lower-case hex digits."""
    return hashlib.sha256((previous + line).encode()).hexdigest()


def first_break(rows: Iterable[tuple[int, str, str]]) -> int | None:
    """The seq of the first row (seq, line, hash) that is missing, cut or edited; None when the chain
    holds."""
    previous, expected = "", 1
    for seq, line, hash_ in rows:
        if seq != expected or chained(previous, line) != hash_:
            return expected
        previous, expected = hash_, expected + 1
    return None
