"""From a number and a window to the names of clips. Pure."""

from __future__ import annotations

from typing import Final

from drivers.wording import Wording

COMMA: Final = ","
FREE: Final = "="  # before words that are no clip: a window that is called by a name


def phrase(number: str, window: str, wording: Wording, name: str = "") -> list[str]:
    """请 A 零 零 一 号 , 到 十 二 号窗口: the clips of one announcement, in order.

    The ticket is read character by character; what is neither letter nor digit is passed over. name: what a
    window is called in this language whose number says more than letters and digits (贵宾, 综1): it is said
    whole. Empty where the language has no word for it: then nothing is said of such a window.
    """
    tokens: list[str] = []
    for word in wording.sentence:
        if word == "{number}":
            said_first = (wording.prefix or {}).get(number[:1].upper())
            tokens += [said_first] if said_first else []
            tokens += spell(number, "yao" if wording.digit_one == "yao" else "1")
        elif word == "{window}":
            tokens += _window(window, wording, name)
        else:
            tokens.append(word)
    return tokens


def spell(text: str, one: str = "1") -> list[str]:
    """Characters one by one: "A01" is A, 0, 1."""
    letters = [char for char in text.upper() if char.isascii() and char.isalnum()]
    return [one if char == "1" else char for char in letters]


def chinese_number(value: int) -> list[str]:
    """0..999 as it is said: 12 is 十二, 20 二十, 101 一百零一, 110 一百一十."""
    if value < 10:
        return [str(value)]
    if value < 20:
        return ["ten", *([str(value - 10)] if value > 10 else [])]
    if value < 100:
        return [str(value // 10), "ten", *([str(value % 10)] if value % 10 else [])]
    rest = value % 100
    head = [str(value // 100), "hundred"]
    if not rest:
        return head
    if rest < 10:
        return [*head, "0", str(rest)]
    return [*head, str(rest // 10), "ten", *([str(rest % 10)] if rest % 10 else [])]


def english_number(value: int) -> list[str]:
    """0..99 from clips 0..19, 20, 30 … 90; above that digit by digit."""
    if value < 20:
        return [str(value)]
    if value < 100:
        return [str(value // 10 * 10), *([str(value % 10)] if value % 10 else [])]
    return list(str(value))


def has_name(window: str) -> bool:
    """Is this more than letters and digits, which every language can spell?"""
    return not window.isascii()


def _window(window: str, wording: Wording, name: str) -> list[str]:
    if has_name(window):
        return [FREE + name] if name else []
    if window.isascii() and window.isdigit() and int(window) < 1000:
        if wording.window == "chinese":
            return chinese_number(int(window))
        if wording.window == "english":
            return english_number(int(window))
    return spell(window)
