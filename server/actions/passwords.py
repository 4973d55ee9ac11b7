"""What signing in, setting up and resetting share: secrets, their hashes, and passwords as argon2id.

A token has 256 random bits and is stored as SHA-256; a password is slow to hash, so it is hashed before
the transaction opens and nobody stands in line for it.
"""

from __future__ import annotations

import hashlib
import secrets
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from server.domain.passwords import normal

CODE_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # nothing that looks like something else; 5 bits each
ONCE_LETTERS = CODE_LETTERS.lower().replace("l", "")
COSTS: dict[str, dict[str, int]] = {
    "full": {"time_cost": 2, "memory_cost": 19_456, "parallelism": 1},  # OWASP's least for argon2id, 19 MiB
    "test": {"time_cost": 1, "memory_cost": 8, "parallelism": 1},
}
AT_ONCE = 2  # a flood of log-ins may not take all processors and memory


def new_token() -> str:
    """256 random bits as 43 URL-safe characters."""
    return secrets.token_urlsafe(32)


def new_code(letters: int = 8) -> str:
    return "".join(secrets.choice(CODE_LETTERS) for _ in range(letters))


def new_once_password() -> str:
    """59 random bits, easy to type once: k7mf-2xqp-9dwt."""
    return "-".join("".join(secrets.choice(ONCE_LETTERS) for _ in range(4)) for _ in range(3))


def hashed(secret: str) -> str:
    """SHA-256 in hex: enough for secrets that are random themselves."""
    return hashlib.sha256(secret.encode()).hexdigest()


def plain_code(typed: str) -> str:
    """A code as it was made, however it was typed."""
    return typed.upper().replace("-", "").replace(" ", "")


class Passwords:
    """argon2id with the `full` or `test` cost; at most AT_ONCE hashes run at a time."""

    def __init__(self, cost: str) -> None:
        self._hasher = PasswordHasher(**COSTS[cost])
        self._turn = BoundedSemaphore(AT_ONCE)
        self._nobody = self.hash(new_token())

    def hash(self, password: str) -> str:
        with self._turn:
            return self._hasher.hash(normal(password))

    def verify(self, stored: str | None, password: str) -> bool:
        """Is it the password of `stored`? None (no such person) takes as long and is never right."""
        with self._turn:
            try:
                self._hasher.verify(stored or self._nobody, normal(password))
            except (Argon2Error, InvalidHashError):
                return False
        return stored is not None
