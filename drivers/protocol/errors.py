"""What a wire format may refuse."""

from __future__ import annotations


class EncodeError(ValueError):
    """The message cannot be put on this wire: an address, a length or a value is out of range."""
