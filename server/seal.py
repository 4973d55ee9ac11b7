"""Personal words that must be kept for a while: encrypted with a key made from the hall's own."""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE = 12


class Broken(Exception):
    """Another key made this, or somebody changed it."""


def seal(key: bytes, words: dict[str, str], purpose: str) -> bytes:
    """AES-256-GCM over the JSON of `words`; `purpose` parts the keys, so that one use cannot read another."""
    nonce = secrets.token_bytes(NONCE)
    return nonce + _cipher(key, purpose).encrypt(nonce, json.dumps(words).encode(), None)


def unseal(key: bytes, sealed: bytes, purpose: str) -> dict[str, str]:
    """The words again. Raises Broken."""
    from cryptography.exceptions import InvalidTag

    try:
        plain = _cipher(key, purpose).decrypt(sealed[:NONCE], sealed[NONCE:], None)
    except InvalidTag:
        raise Broken(purpose) from None
    words: dict[str, str] = json.loads(plain)
    return words


def _cipher(key: bytes, purpose: str) -> AESGCM:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # loads on first use, not at start
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return AESGCM(HKDF(SHA256(), 32, None, f"wucha {purpose}".encode()).derive(key))
