"""A hall with one machine of every driver, every described card and both summary screens."""

from __future__ import annotations

from pathlib import Path

from tests.conftest import ROOT

#: name, model, line, address, where it stands ("" for the screens that show all windows)
MACHINES = (
    ("printer-K1", "slip_80mm", "slips/K1", 0, "K1"),
    ("printer-K2", "slip_58mm", "slips/K2", 0, "K2"),
    ("reader-K1", "idcard_sam", "readers/K1", 0, "K1"),
    ("scanner-K1", "scanner", "scanners/K1", 0, "K1"),
    ("strip-W01", "strip_128x16", "strips/A", 1, "W01"),
    ("strip-W02", "strip_pingan_number", "pingan/A", 2, "W02"),
    ("strip-W03", "frame_a090", "a090/A", 3, "W03"),
    ("strip-W04", "frame_ruize", "ruize/A", 4, "W04"),
    ("strip-W05", "frame_led485", "led485/A", 5, "W05"),
    ("strip-W06", "frame_yinda", "yinda/A", 6, "W06"),
    ("strip-W07", "frame_yongtai", "yongtai/A", 7, "W07"),
    ("strip-W08", "frame_kuiwen", "kuiwen/A", 8, "W08"),
    ("strip-W09", "frame_ascii40", "ascii40/A", 9, "W09"),
    ("board-W10", "apertum_board", "apertum/A", 0x21, "W10"),
    ("box-W10", "apertum_box", "apertum/A", 0x20, "W10"),
    ("digits-W11", "digits_4", "digits/A", 1, "W11"),
    ("sign-W12", "sign_alpha", "alpha/A", 12, "W12"),
    ("keypad-W01", "keypad_pad5", "keypads/A", 1, "W01"),
    ("keypad-W02", "keypad_polled", "polled/A", 1, "W02"),
    ("summary-bx", "summary_bx6k", "strips/A", 40, ""),
    ("summary-pa", "summary_pingan", "pingan/A", 41, ""),
)


def declare(folder: Path) -> Path:
    """Write them to `folder`/devices.toml."""
    (folder / "profiles").symlink_to(ROOT / "config" / "profiles")
    text = ""
    for name, model, line, address, place in MACHINES:
        text += f'[[device]]\nname = "{name}"\nmodel = "{model}"\nline = "virtual://{line}"\n'
        text += f"address = {address}\n" if address else ""
        text += f'{"kiosk" if place[0] == "K" else "window"} = "{place}"\n' if place else ""
    path = folder / "devices.toml"
    path.write_text(text, "utf-8")
    return path
