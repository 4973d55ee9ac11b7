"""What is written twice says the same: events, words, addresses, acts, the demo hall."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from string import Formatter
from typing import TYPE_CHECKING

import pytest

from server import settings
from server.domain import refusals
from server.domain.access import LISTENING, MATRIX
from server.domain.appointments import Appointments
from server.domain.catalogue import parse_overflow
from server.live.documents import documents
from server.settings import HallSettings
from server.text import Texts
from tests.conftest import ROOT

if TYPE_CHECKING:
    from server.app import App

OF_THE_HALL = (
    "theme.",
    "priority.",
    "pad.reason.",
)  # the hall's own words, whose Chinese stands in its own files
BY_LINK = {"ticket.see-own", "ticket.cancel-own"}  # a citizen's link is its own proof
TEXTS = Texts(ROOT / "config" / "text")
FACES = ("kiosk", "display", "server/web")
SAID = re.compile(r"""\bt\(\s*(?:'([^'\n]+)'|"([^"\n]+)"|`([^`\n]+)`)\s*([+~]?)""")
NOTED = re.compile(r"""\b(?:note|note_deed|_told)\((?:\w+, )*\s*"([a-z_]+\.[a-z_]+)\"""")


def pages() -> Iterator[Path]:
    for folder in FACES:
        for path in sorted((ROOT / folder).rglob("*")):
            parts = path.relative_to(ROOT).parts
            wanted = path.suffix in (".vue", ".ts", ".html") and not path.name.endswith(".test.ts")
            if wanted and not {"dist", "node_modules"} & set(parts):
                yield path


def placeholders(words: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(words) if name is not None}


# --- events
@pytest.mark.parametrize("path", documents(ROOT), ids=lambda path: path.name)
def test_the_written_contract_is_current(path: Path):
    assert path.read_text("utf-8") == documents(ROOT)[path], "run ./wucha contract"


# --- words
def test_every_language_has_every_sentence():
    """English is whole; a further language may have a part, the rest is shown in what stands in for it."""
    zh = TEXTS.flat("zh")
    for lang in TEXTS.languages:
        words = {key for key in TEXTS._words[lang] if not key.startswith(OF_THE_HALL)}
        assert words <= set(zh), lang
        assert lang not in ("zh", "en") or words == set(zh), lang


def test_every_language_names_the_same_facts():
    zh = TEXTS.flat("zh")
    for lang in TEXTS.languages:
        words = TEXTS.flat(lang)
        different = {key for key in zh if placeholders(words[key]) != placeholders(zh[key])}
        assert different == set(), lang


@pytest.mark.parametrize("lang", [lang for lang in TEXTS.languages if lang != "zh"])
def test_a_pad_language_says_every_official_option(lang: str):
    rating = tomllib.loads((ROOT / "config" / "demo" / "rating.toml").read_text("utf-8"))
    options = {f"pad.reason.{r['code']}" for level in rating["level"] for r in level["reason"]}
    levels = {f"pad.level.{level['value']}" for level in rating["level"]}
    assert len(options) == 40
    assert (options | levels) - set(TEXTS._words[lang]) == set()


def test_every_refusal_has_its_sentence():
    known = TEXTS.flat("zh")
    assert {no.code for no in refusals.ALL if f"refused.{no.code}" not in known} == set()
    codes = {no.code for no in refusals.ALL}
    stale = {key for key in known if key.startswith("refused.") and key.removeprefix("refused.") not in codes}
    assert stale == set()


def test_every_deed_in_the_records_has_its_words():
    """Noted by name in the server, or refused by the matrix."""
    known = TEXTS.flat("zh")
    sources = [path.read_text("utf-8") for path in (ROOT / "server").rglob("*.py")]
    noted = {act for source in sources for act in NOTED.findall(source)}
    deeds = (noted | set(MATRIX)) - BY_LINK
    assert len(noted) > 90
    assert {act for act in deeds if f"manager.did.{act}" not in known} == set()


def test_every_sentence_a_face_says_is_written():
    """A key that is put together at run time must at least begin like one that is written."""
    known, missing = {key for lang in TEXTS.languages for key in TEXTS.flat(lang)}, set()
    for path in pages():
        for single, double, template, joined in SAID.findall(path.read_text("utf-8")):
            key = single or double or template
            head = key.partition("${")[0]
            whole = head == key and not joined
            if key not in known if whole else not any(k.startswith(head) for k in known):
                missing.add(f"{path.relative_to(ROOT)}: {key}")
    assert missing == set()


# --- the demo hall
def test_every_service_of_the_demo_hall_can_be_had(hall: HallSettings):
    catalogue = hall.catalogue
    skills = {skill for person in catalogue.people.values() for skill in person.skills}
    for service in catalogue.services.values():
        assert service.queue in catalogue.queues
        assert catalogue.serving[service.queue], f"{service.id}: no window serves {service.queue}"
        assert service.queue in skills, f"{service.id}: nobody knows {service.queue}"
        assert service.avg_minutes > 0
        assert not service.department or service.department in catalogue.departments


def test_the_demo_hall_refers_to_what_there_is(hall: HallSettings):
    catalogue = hall.catalogue
    for window in catalogue.windows.values():
        for queue, service in map(parse_overflow, window.overflow):
            assert queue in catalogue.queues
            assert service is None or catalogue.services[service].queue == queue
    for person in catalogue.people.values():
        assert person.department in catalogue.departments, person.id
        places = {*person.b_windows, *filter(None, [person.a_window])}
        assert places <= set(catalogue.windows), person.id
        assert set(person.skills) <= set(catalogue.queues), person.id
    assert {level.value for level in hall.levels} == {1, 2, 3, 4, 5}
    codes = [reason.code for level in hall.levels for reason in level.reason]
    assert len(codes) == len(set(codes))


def test_the_halls_own_words_have_their_english(hall: HallSettings):
    english = TEXTS.flat("en")
    words = {f"theme.{s.theme}" for s in hall.catalogue.services.values() if s.theme}
    words |= {f"priority.{c.id}" for c in hall.hall.priority.classes if not c.name_en}
    assert {key for key in words if key not in english} == set()


# --- addresses and acts
def test_every_address_of_the_api_is_described(app: App):
    described = app.flask.test_client().get("/api/openapi.json").json["paths"]
    for rule in app.flask.url_map.iter_rules():
        if not rule.rule.startswith("/api/") or rule.rule == "/api/openapi.json":
            continue
        path = re.sub(r"<(?:[^:>]*:)?([^>]+)>", r"{\1}", rule.rule)
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            assert method.lower() in described.get(path, {}), f"{method} {path}"
            assert described[path][method.lower()].get("summary"), f"{method} {path} says nothing"


def test_every_act_of_the_matrix_is_somebodys_door(app: App):
    doors = {getattr(view, "wucha_act", None) for view in app.flask.view_functions.values()} - {None}
    used = doors | set(LISTENING.values())
    assert used <= set(MATRIX)
    assert set(MATRIX) - used == BY_LINK


def test_every_namespace_is_in_the_matrix(app: App):
    assert set(app.socketio.server.namespace_handlers) == set(LISTENING)


# --- rows
ROWS = (ROOT / "tests" / "ROWS.md").read_text("utf-8")
HEART = {
    *("A1", "A2", "A5", "A8", "B3", "B17", "B19", "C1", "C2", "C3", "C4", "C5", "C6"),
    *(f"F{n}" for n in (*range(1, 10), *range(11, 19), 21, 22, 24, 26, 27, 28, 30, 32)),
    *(f"F{n}" for n in (36, 37, 38, 40, 43, 44, *range(50, 63), 64, *range(66, 71), 72, 74, 76, 77, 78)),
    *(f"F{n}" for n in (79, 80, *range(82, 87), 88, 89, 95, 97, 98, 99, 100, 101)),
    *(f"F{n}" for n in (203, 205, 206, 210, 214)),
}


def test_every_row_of_the_queues_heart_stands_in_the_table():
    lines = [line for line in ROWS.splitlines() if line.startswith("|")]
    told = {row for line in lines for row in re.findall(r"\b[A-F]\d+\b", line.split("|")[1])}
    assert {row for row in HEART if row not in told} == set()


def test_every_test_that_the_rows_name_exists():
    written = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^ *def (test_\w+)", path.read_text("utf-8"), re.MULTILINE)
    }
    named = set(re.findall(r"(?<![/\w])(test_\w+)(?!\w*\.py)", ROWS))
    assert len(named) > 100
    assert named - written == set()
    files = set(re.findall(r"[\w/-]+\.(?:test\.ts|py)\b", ROWS))
    places = ("tests", "bench", *FACES)
    known = {str(path.relative_to(ROOT)) for place in places for path in (ROOT / place).rglob("*.*")}
    assert {f for f in files if f not in known and f"tests/server/{f}" not in known} - {
        "test_documents.py"
    } == set()


def test_every_setting_of_the_hall_is_used() -> None:
    """A key that nobody reads would be a promise that the hall does not keep."""
    kinds = [kind for kind in vars(settings).values() if isinstance(kind, type) and is_dataclass(kind)]
    own = [kind for kind in kinds if kind.__module__ in (settings.__name__, Appointments.__module__)]
    code = "\n".join(path.read_text("utf-8") for path in (ROOT / "server").rglob("*.py"))
    used = set(re.findall(r"\.([a-z_0-9]+)\b", code))
    unused = [f"{kind.__name__}.{f.name}" for kind in own for f in fields(kind) if f.name not in used]
    assert unused == []
