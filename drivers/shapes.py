"""Does a value from outside have the type a dataclass field asks for? bool is no int, int is a float."""

from __future__ import annotations

import types
from typing import Any, Literal, Union, get_args, get_origin


def is_a(value: object, hint: Any) -> bool:
    """`hint`: a class, a Literal, a union, dict[K, V], or tuple[X, ...] (then a list of X counts)."""
    origin = get_origin(hint)
    if origin is Literal:
        return any(
            value is choice or (isinstance(value, str) and value == choice) for choice in get_args(hint)
        )
    if origin in (Union, types.UnionType):
        return any(is_a(value, one) for one in get_args(hint))
    if origin is tuple:
        return isinstance(value, (list, tuple)) and all(is_a(one, get_args(hint)[0]) for one in value)
    if origin is dict:
        key, kind = get_args(hint)
        return isinstance(value, dict) and all(is_a(k, key) and is_a(v, kind) for k, v in value.items())
    if hint is Any:
        return True
    if hint is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, hint)
