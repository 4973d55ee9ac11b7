"""Accessibility of a page as it stands now: axe-core's rules for WCAG 2.2 AA, run inside the page itself.

WUCHA_ALBUM=<folder> keeps a picture of every state that is judged, for the eyes of a person.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.conftest import ROOT

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa")

# Something that is still fading in has not the colours it will have; what begins to fade does so in a frame.
SETTLE = """async () => {
  const frame = () => new Promise((drawn) => setTimeout(drawn, 100) && requestAnimationFrame(drawn))
  await frame()
  await frame()
  document.getAnimations().forEach((a) => { try { a.finish() } catch { a.cancel() } })
}"""
RUN = """async ({ tags, off }) => {
  const rules = Object.fromEntries(off.map((rule) => [rule, { enabled: false }]))
  const found = await axe.run(document, { runOnly: { type: 'tag', values: tags }, rules })
  return found.violations.map((v) => ({
    id: v.id, impact: v.impact, help: v.help,
    nodes: v.nodes.map((n) => ({ at: n.target.join(' '), html: n.html, why: n.failureSummary })),
  }))
}"""


def violations(page: Page, off: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    """What axe-core finds: [{id, impact, help, nodes: [{at, html, why}]}], empty when all is well.

    `off`: rule ids not to run, where a test says why the page may break them. Animations that run are
    brought to their end first. Skips the test when the tools of npm are not installed.
    """
    if not AXE.exists():
        pytest.skip("no axe-core: ./wucha test installs it where npm is")
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE.read_text("utf-8"))
    page.evaluate(SETTLE)
    found = page.evaluate(RUN, {"tags": list(TAGS), "off": list(off)})
    assert isinstance(found, list)
    return found


def keep(page: Page, state: str) -> None:
    """Put the page into the album, if one is wanted: its module, the place in the walk, the state."""
    album = os.environ.get("WUCHA_ALBUM")
    if not album:
        return
    walk = re.sub(r".*/test_(\w+)\.py.*", r"\1", os.environ["PYTEST_CURRENT_TEST"])
    Path(album).mkdir(parents=True, exist_ok=True)
    before = len(list(Path(album).glob(f"{walk}-*.png")))
    page.screenshot(path=Path(album) / f"{walk}-{before:03} {state.replace('/', ' ')}.png")


def accessible(page: Page, state: str, off: tuple[str, ...] = ()) -> None:
    """Assert that axe-core finds nothing; `state` names what the page shows, for the message."""
    found = violations(page, off)
    keep(page, state)
    lines = [
        f"{v['id']} ({v['impact']}): {v['help']}\n"
        + "\n".join(f"    {n['at']}  {n['html'][:99]}\n      {n['why'].splitlines()[-1]}" for n in v["nodes"])
        for v in found
    ]
    assert not lines, f"{state}: {len(lines)} rules broken\n" + "\n".join(lines)
