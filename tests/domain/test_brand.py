"""The hall's own colours: whatever is taken can be read, whatever is refused comes with a shade that can."""

from __future__ import annotations

import re
from itertools import chain

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from server.domain import brand as b
from server.domain.brand import (
    Brand,
    brand_trouble,
    contrast,
    logo_trouble,
    picture,
    style_sheet,
    tokens,
    unreadable,
)
from tests.conftest import ROOT

colours = st.integers(0, 0xFFFFFF).map(lambda n: f"#{n:06x}")
CSS = (ROOT / "server/web/client/theme.css").read_text("utf-8")


def own(selector: str) -> dict[str, str]:
    block = CSS[CSS.index(selector + " {") :].split("}")[0]
    found = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6});", block))
    return {k: "#" + "".join(c * 2 for c in v[1:]) if len(v) == 4 else v for k, v in found.items()}


THEMES = {"light": own(":root"), "dark": {**own(":root"), **own('[data-theme="dark"]')}}
# who is read on what, as theme.test.ts has it for Wucha's own colours
WORDS = {
    "text": ("primary-soft", "accent-soft"),
    "primary": ("ground", "surface", "sunken", "primary-soft"),
    "primary-strong": ("primary-soft",),
    "on-primary": ("primary",),
    "on-ink": ("ink",),
    "on-ink-2": ("ink",),
    "on-accent": ("accent",),
    "accent-strong": ("ground", "surface", "accent-soft"),
    "accent": ("ink",),
}


def test_the_colours_a_hall_does_not_change_are_those_of_the_theme() -> None:
    assert {k: THEMES["light"][k] for k in b.LIGHT} == b.LIGHT
    assert {k: THEMES["dark"][k] for k in b.DARK} == b.DARK
    light = THEMES["light"]
    assert (light["on-ink"], light["on-ink-2"], light["ink"]) == (b.ON_INK, b.ON_INK_2, b.INK)
    assert light["on-accent"] == b.ON_ACCENT


@given(colours, colours, st.booleans(), st.booleans())
@example("#ffff00", "#000000", True, True)
@example("#c8102e", "#ffd700", True, True)
def test_every_word_can_be_read_on_every_face(
    primary: str, accent: str, with_primary: bool, with_accent: bool
) -> None:
    wish = Brand(primary if with_primary else "", accent if with_accent else "")
    for no in unreadable(wish):
        assert no.ratio < b.AA
        wish = Brand(**{**vars(wish), no.field: no.better})
    assert not unreadable(wish), "the shade that was offered is taken"
    for theme, made in tokens(wish).items():
        worn = {**THEMES[theme], **made}
        for word, grounds in WORDS.items():
            for ground in grounds:
                assert contrast(worn[word], worn[ground]) >= b.AA, (
                    theme,
                    word,
                    ground,
                    worn[word],
                    worn[ground],
                )


def test_a_readable_colour_stays_as_it_is_and_none_changes_nothing() -> None:
    assert tokens(Brand()) == {"light": {}, "dark": {}}
    assert style_sheet(Brand(), "") == ""
    red = tokens(Brand(primary="#b11226"))
    assert red["light"]["primary"] == "#b11226"
    assert "accent" not in red["light"]
    sheet = style_sheet(Brand(primary="#b11226"), "/brand/logo?v=1")
    assert "--primary:#b11226;" in sheet
    assert ".mark" in sheet
    assert "contrast" in sheet.split("{")[0], "the faces of high contrast stay"


def test_what_may_not_be_said_is_named() -> None:
    assert brand_trouble(Brand("#b11226", "#ffd700", "为民办事，一次办好")) is None
    told = brand_trouble(Brand(primary="#ffd700"))
    assert told is not None
    assert told[0] == "primary"
    assert "#ffd700" in told[1]
    assert "4.5:1" in told[2]
    for wrong in (Brand(primary="red"), Brand(accent="#FFF000"), Brand(slogan="长" * 41)):
        assert brand_trouble(wrong) is not None
    with pytest.raises(ValueError, match="readable"):
        tokens(Brand(primary="#ffff00"))


def png(width: int, height: int) -> bytes:
    head = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    return b"\x89PNG\r\n\x1a\n" + b"\x00\x00\x00\x0dIHDR" + head + b"\x08\x06\x00\x00\x00" + bytes(20)


def jpeg(width: int, height: int) -> bytes:
    size = height.to_bytes(2, "big") + width.to_bytes(2, "big")
    return b"\xff\xd8\xff\xe0\x00\x04JF" + b"\xff\xc0\x00\x11\x08" + size + bytes(12)


def test_a_logo_is_a_picture_of_sensible_size() -> None:
    assert picture(png(200, 80)) == ("image/png", 200, 80)
    assert picture(jpeg(640, 480)) == ("image/jpeg", 640, 480)
    assert logo_trouble(png(200, 80)) == ""
    assert logo_trouble(png(8, 8)) == "wrong_size"
    assert logo_trouble(png(200, 80) + bytes(b.LOGO_BYTES)) == "too_large"
    for data in (
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"GIF89a" + bytes(40),
        b"\xff\xd8\xff\xe0\x00\x00",
    ):
        assert logo_trouble(data) == "no_picture"


@given(st.binary(max_size=200), st.sampled_from((b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")))
def test_no_bytes_break_the_reading(data: bytes, head: bytes) -> None:
    for n in chain(range(len(data)), (None,)):
        picture(head + data[:n])
