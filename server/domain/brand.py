"""The hall's own look (特色品牌, REGIMES C16): two colours, a slogan and a logo, set in one place and worn
by every screen, phone page and paper.

A colour is only taken when words stay readable with it: WCAG 2.2 AA wants a contrast of 4.5:1 [V]. One
that fails is refused with the nearest shade that passes. What else the faces need (a soft tint, a
strong shade, the colours of the dark faces) is made from it so that every pair of
`server/web/client/theme.css` keeps that contrast; the faces of high contrast are left as they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from server.domain.catalogue import STRICT

AA = 4.5
COLOUR = re.compile(r"#[0-9a-f]{6}")
SLOGAN_MOST = 40  # characters

# Colours of theme.css that a hall does not change; a test compares them.
LIGHT = {"ground": "#edf2f3", "surface": "#ffffff", "sunken": "#e2eaec", "text": "#0f2530"}
DARK = {"ground": "#06171f", "surface": "#0c2632", "sunken": "#041016", "text": "#f1f7f8", "ink": "#041016"}
ON_INK, ON_INK_2, INK = "#f3f8f9", "#b4c9d2", "#0b2536"
ON_ACCENT, WHITE, BLACK = "#2a1204", "#ffffff", "#000000"

Field = Literal["primary", "accent"]


@dataclass(frozen=True)
class Brand:
    """Colours as #rrggbb, small letters; empty: Wucha's own."""

    __pydantic_config__: ClassVar[dict[str, object]] = STRICT
    primary: str = ""
    accent: str = ""
    slogan: str = ""
    slogan_en: str = ""

    def said(self, lang: str) -> str:
        """The slogan in a language of the paper; the Chinese one where there is no other."""
        return self.slogan_en if lang == "en" and self.slogan_en else self.slogan


@dataclass(frozen=True)
class Unreadable:
    """A colour that words cannot be read with. ratio: what it has `against`; better: a shade that passes."""

    field: Field
    colour: str
    against: str
    ratio: float
    better: str


# ---------------------------------------------------------------------- contrast


def luminance(colour: str) -> float:
    """Relative luminance of #rrggbb, 0..1 (WCAG 2.2) [V]."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(a: str, b: str) -> float:
    """1..21."""
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def mix(a: str, b: str, part: float) -> str:
    """`part` of `b` in `a`."""
    both = zip(*([int(c[at : at + 2], 16) for at in (1, 3, 5)] for c in (a, b)), strict=True)
    return "#" + "".join(f"{round(x + (y - x) * part):02x}" for x, y in both)


def _reads(colour: str, grounds: Sequence[str]) -> bool:
    return all(contrast(colour, ground) >= AA for ground in grounds)


def _towards(colour: str, end: str, good: Callable[[str], bool], start: float = 0.0) -> str:
    """The first shade on the way from `colour` to `end` that is good; `end` when none is."""
    first = round(start * 50)
    return next((c for n in range(first, 50) if good(c := mix(colour, end, n / 50))), end)


# ---------------------------------------------------------------------- what is taken

_PRIMARY_ON = (LIGHT["surface"], LIGHT["ground"], LIGHT["sunken"])


def unreadable(brand: Brand) -> list[Unreadable]:
    """The colours of `brand` that are refused."""
    found = []
    if brand.primary and not _reads(brand.primary, _PRIMARY_ON):
        worst = min(_PRIMARY_ON, key=lambda ground: contrast(brand.primary, ground))
        better = _towards(brand.primary, BLACK, lambda c: _reads(c, _PRIMARY_ON))
        found.append(Unreadable("primary", brand.primary, worst, contrast(brand.primary, worst), better))
    if brand.accent and not _reads(brand.accent, (INK,)):
        better = _towards(brand.accent, WHITE, lambda c: _reads(c, (INK,)))
        found.append(Unreadable("accent", brand.accent, INK, contrast(brand.accent, INK), better))
    return found


def tokens(brand: Brand) -> dict[str, dict[str, str]]:
    """theme -> token of theme.css -> colour, for the colours that the hall has of its own.

    Raises ValueError for a brand that `unreadable` finds fault with.
    """
    if unreadable(brand):
        raise ValueError("these colours are not readable")
    light: dict[str, str] = {}
    dark: dict[str, str] = {}
    if brand.accent:
        light |= _accent(brand.accent, (LIGHT["ground"], LIGHT["surface"]), LIGHT["text"], WHITE, BLACK)
        bright = _towards(
            brand.accent, WHITE, lambda c: _reads(c, tuple(DARK[k] for k in DARK if k != "text"))
        )
        dark |= _accent(bright, (DARK["ground"], DARK["surface"]), DARK["text"], DARK["sunken"], WHITE)
    if brand.primary:
        light |= _primary(brand.primary, _PRIMARY_ON, LIGHT["text"], WHITE, BLACK)
        accent = light.get("accent", "#ea7d3f")
        light["ink"] = _towards(
            brand.primary, BLACK, lambda c: all(contrast(c, w) >= AA for w in (ON_INK, ON_INK_2, accent)), 0.3
        )
        grounds = (DARK["ground"], DARK["surface"], DARK["sunken"])
        lifted = _towards(brand.primary, WHITE, lambda c: _reads(c, grounds))
        dark |= _primary(lifted, grounds, DARK["text"], DARK["sunken"], WHITE)
    return {"light": light, "dark": dark}


def _primary(colour: str, grounds: Sequence[str], text: str, ground: str, end: str) -> dict[str, str]:
    """The four tokens around a colour that reads on `grounds`; the soft tint goes towards `ground`, the
    strong shade towards `end`."""
    soft = _towards(colour, ground, lambda c: _reads(colour, (c,)) and _reads(text, (c,)), 0.7)
    if not _reads(colour, (soft,)):
        soft = ground
    strong = mix(colour, end, 0.35)
    return {"primary": colour, "primary-strong": strong, "primary-soft": soft, "on-primary": _on(colour)}


def _accent(colour: str, grounds: Sequence[str], text: str, ground: str, end: str) -> dict[str, str]:
    soft = _towards(colour, ground, lambda c: _reads(text, (c,)), 0.8)
    strong = _towards(colour, end, lambda c: _reads(c, (*grounds, soft)))
    return {
        "accent": colour,
        "accent-strong": strong,
        "accent-soft": soft,
        "on-accent": _on(colour, ON_ACCENT),
    }


def _on(colour: str, *first: str) -> str:
    """The words on a filled button: the first that reads."""
    return next(c for c in (*first, WHITE, BLACK) if _reads(c, (colour,)))


# ---------------------------------------------------------------------- the style sheet


def style_sheet(brand: Brand, logo: str) -> str:
    """What every page loads after its own style. `logo`: its address; empty: Wucha's mark stays."""
    found = tokens(brand)
    sheet = ""
    where = {
        "light": ':root:not([data-theme="dark"]):not([data-theme="contrast"])',
        "dark": '[data-theme="dark"]',
    }
    for theme, colours in found.items():
        if colours:
            sheet += where[theme] + "{" + "".join(f"--{k}:{v};" for k, v in colours.items()) + "}\n"
    if found["dark"]:  # a phone at night: no script names its theme
        night = "".join(f"--{k}:{v};" for k, v in found["dark"].items())
        phone = f'{where["light"]}[data-face="ticket"]'
        sheet += f"@media (prefers-color-scheme:dark){{{phone}{{{night}}}}}\n"
    if logo:
        # a plate of white: nobody knows what the picture looks like on a dark face
        sheet += (
            f'html .mark{{width:2.2em;height:1.7em;border:0;border-radius:.2em;background:#fff url("{logo}") '
            "center/contain no-repeat;background-origin:content-box;padding:.1em;box-sizing:border-box}\n"
        )
    return sheet


# ---------------------------------------------------------------------- the logo

LOGO_BYTES = 200 * 1024
LOGO_SIDES = (24, 2400)  # pixels
PNG, JPEG = "image/png", "image/jpeg"


def logo_trouble(data: bytes) -> str:
    """Why a file is no logo: no_picture, too_large or wrong_size; empty when it is one."""
    if len(data) > LOGO_BYTES:
        return "too_large"
    seen = picture(data)
    if seen is None:
        return "no_picture"
    least, most = LOGO_SIDES
    return "" if all(least <= side <= most for side in seen[1:]) else "wrong_size"


def picture(data: bytes) -> tuple[str, int, int] | None:
    """(type, width, height) of a PNG or JPEG, read from its head; None for anything else. An SVG may
    hold script and is none."""
    if data[:8] == b"\x89PNG\r\n\x1a\n" and data[12:16] == b"IHDR" and len(data) >= 33:
        return PNG, int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")
    if data[:3] != b"\xff\xd8\xff":
        return None
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:
        kind, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if 0xC0 <= kind <= 0xCF and kind not in (0xC4, 0xC8, 0xCC):  # a frame's head, which holds the size
            return (
                JPEG,
                int.from_bytes(data[at + 7 : at + 9], "big"),
                int.from_bytes(data[at + 5 : at + 7], "big"),
            )
        if length < 2:
            return None
        at += 2 + length
    return None


def brand_trouble(brand: Brand) -> tuple[Field | str, str, str] | None:
    """(key, Chinese, English) of what a file or a form may not say; None when all is well."""
    for key in ("primary", "accent"):
        colour = getattr(brand, key)
        if colour and not COLOUR.fullmatch(colour):
            return key, "颜色写成 #rrggbb，小写", "a colour is written #rrggbb, in small letters"
    for key in ("slogan", "slogan_en"):
        if len(getattr(brand, key)) > SLOGAN_MOST * (3 if key == "slogan_en" else 1):
            return key, f"标语不超过 {SLOGAN_MOST} 个字", "the slogan is too long"
    for no in unreadable(brand):
        zh = f"{no.colour} 与文字的对比只有 {no.ratio:.1f}:1，要 {AA}:1 才看得清；可改用 {no.better}"
        en = f"{no.colour} has a contrast of {no.ratio:.1f}:1, {AA}:1 can be read; {no.better} would do"
        return no.field, zh, en
    return None
