"""Photos and media: checked, made anew without what the camera wrote, shown once published, dropped when
nobody names them."""

from __future__ import annotations

from io import BytesIO
from struct import pack
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from server.app import App
from server.domain.film import (
    CLUSTER,
    DOC_TYPE,
    DURATION,
    EBML,
    HEIGHT,
    INFO,
    SCALE,
    SEGMENT,
    TRACK,
    TRACKS,
    VIDEO,
    WIDTH,
    FilmWrong,
    read_film,
)
from server.uploads import UNNAMED_FOR, checked
from tests.conftest import Clock
from tests.server.callers import Caller, audit, device, person_of, staff


def picture(width: int = 600, height: int = 900, form: str = "JPEG", mode: str = "RGB") -> bytes:
    out = BytesIO()
    exif = Image.Exif()
    exif[0x010F] = "SECRET-CAMERA"
    Image.new(mode, (width, height), "red" if mode == "RGB" else 0).save(out, form, exif=exif)
    return out.getvalue()


def box(name: bytes, body: bytes) -> bytes:
    return (len(body) + 8).to_bytes(4) + name + body


def film(seconds: int = 20, width: int = 1280, height: int = 720) -> bytes:
    """The smallest MP4 that says how long it is: ISO/IEC 14496-12."""
    head = box(b"mvhd", bytes(12) + (1000).to_bytes(4) + (seconds * 1000).to_bytes(4) + bytes(80))
    size = (width << 16).to_bytes(4) + (height << 16).to_bytes(4)
    track = box(b"trak", box(b"tkhd", bytes(76) + size))
    return box(b"ftyp", b"isom" + bytes(4)) + box(b"moov", head + track) + box(b"mdat", b"\x01" * 64)


def element(name: int, body: bytes) -> bytes:
    """One EBML element with a size of eight bytes."""
    return name.to_bytes((name.bit_length() + 7) // 8) + (1 << 56 | len(body)).to_bytes(8) + body


def webm(seconds: float = 20, width: int = 1280, height: int = 720, kind: bytes = b"webm") -> bytes:
    """The smallest WebM that says how long it is; what follows `Tracks` has an unknown size, as recorders
    write it: RFC 9559."""
    info = element(
        INFO, element(SCALE, (1_000_000).to_bytes(3)) + element(DURATION, pack(">d", seconds * 1e3))
    )
    pixels = element(WIDTH, width.to_bytes(2)) + element(HEIGHT, height.to_bytes(2))
    tracks = element(TRACKS, element(TRACK, element(VIDEO, pixels)) + element(TRACK, b""))
    cluster = CLUSTER.to_bytes(4) + b"\xff" + b"\x01" * 64
    segment = SEGMENT.to_bytes(4) + b"\x01" + b"\xff" * 7 + info + tracks + cluster
    return element(EBML, element(DOC_TYPE, kind)) + segment


def send(who: Caller, kind: str, data: bytes) -> Any:
    return who.client.put(f"/api/uploads/{kind}", data=data, headers=who.headers)


def ask(who: Caller, path: str, name: str, **facts: Any) -> Any:
    return who.ask("POST", f"/api/config{path}", {"request_id": f"upload-{name}", **facts})


def test_a_photo_is_made_anew_published_and_on_the_badge(app: App):
    manager, screen = staff(app, "manager"), device(app, "window_screen")
    made = send(manager, "photo", picture()).get_json()
    assert (made["width"], made["height"]) == (480, 640)
    reply = screen.client.get(made["src"])
    assert (reply.mimetype, reply.headers["Cache-Control"]) == (
        "image/jpeg",
        "public, max-age=31536000, immutable",
    )
    assert b"SECRET" not in reply.data
    with Image.open(BytesIO(reply.data)) as kept:
        assert (kept.size, dict(kept.getexif())) == ((480, 640), {})
    assert send(manager, "photo", picture()).get_json()["name"] == made["name"], "the same is kept once"
    ask(manager, "/people/draft", "1", items={"ZW001": {"photo": made["name"]}}, base=0, rev=0)
    assert ask(manager, "/people", "2", base=0, rev=1).status_code == 200
    clerk = person_of(app, "ZW001")
    manager.ask("POST", "/api/day/open", {"request_id": "open-day-1"})
    assert clerk.ask("POST", "/api/windows/W01/open", {"request_id": "open-w01-1"}).status_code == 200
    state = staff(app, "supervisor").ask("GET", "/api/state/hall").get_json()
    assert state["rows"]["windows"]["W01"]["clerk"]["photo"] == made["src"]
    assert audit(app, "upload.make")[0]["facts"]["kind"] == "photo"


def test_what_cannot_be_used_is_told(app: App):
    manager = staff(app, "manager")
    for kind, data, reason in (
        ("photo", b"GIF89a" + bytes(90), "kind"),
        ("photo", b"", "kind"),
        ("photo", b"<svg onload='x'/>", "kind"),
        ("photo", film(), "kind"),
        ("photo", picture(100, 100), "small"),
        ("photo", picture(8000, 8000, "PNG", "1"), "pixels"),
        ("photo", picture()[:900], "broken"),
        ("photo", picture() + bytes(8_000_000), "large"),
        ("medium", film(181), "long"),
        ("medium", film(9, 7680, 4320), "pixels"),
        ("medium", film()[:60], "broken"),
        ("medium", box(b"ftyp", b"isom") + box(b"mdat", b""), "broken"),
    ):
        said = send(manager, kind, data)
        assert (said.status_code, said.get_json()["refused"]) == (422, "upload-wrong")
        assert said.get_json()["facts"]["reason"] == reason
    assert not list(app.house.settings.data.glob("uploads/*"))


def test_others_may_not_and_names_are_names(app: App):
    assert send(staff(app, "clerk"), "photo", picture()).status_code == 403
    assert app.flask.test_client().put("/api/uploads/photo", data=picture()).status_code == 401
    manager = staff(app, "manager")
    for name in ("x.jpg", "..%2Fhost.key", "a" * 32 + ".png"):
        assert manager.client.get(f"/uploads/{name}").status_code == 404
    lost = {"M1": {"name": "图", "file": "a" * 32 + ".jpg", "boards": [], "order": 1}}
    saved = ask(manager, "/media/draft", "1", items=lost, base=0, rev=0).get_json()
    assert [(w["field"], w["code"]) for w in saved["troubles"]] == [("file", "upload-gone")]


def test_media_are_shown_in_order_on_their_boards(app: App):
    manager = staff(app, "manager")
    one = send(manager, "medium", picture(2400, 1200, "PNG")).get_json()
    two = send(manager, "medium", film()).get_json()
    assert ((one["width"], one["height"]), two["seconds"]) == ((1920, 960), 20.0)
    items = {
        "M1": {"name": "图", "file": one["name"], "boards": [], "order": 2},
        "M2": {"name": "片", "file": two["name"], "boards": [], "order": 1},
        "M3": {"name": "早", "file": one["name"], "order": 0, "until": "2026-01-01T00:00"},
    }
    assert ask(manager, "/media/draft", "1", items=items, base=0, rev=0).get_json()["troubles"] == []
    assert ask(manager, "/media", "2", base=0, rev=1).status_code == 200
    shown = manager.ask("GET", "/api/boards/B1").get_json()["media"]
    assert shown[:2] == [{"src": two["src"], "video": True}, {"src": one["src"], "video": False}]
    part = manager.client.get(two["src"], headers={"Range": "bytes=0-7"})
    assert (part.status_code, part.data[4:8]) == (206, b"ftyp")


def test_what_nobody_names_goes_with_a_later_upload(app: App, clock: Clock):
    manager = staff(app, "manager")
    lost, kept = (send(manager, "medium", picture(n, 400)).get_json() for n in (400, 500))
    items = {"M1": {"name": "图", "file": kept["name"]}}
    ask(manager, "/media/draft", "1", items=items, base=0, rev=0)
    clock.forward(seconds=int(UNNAMED_FOR.total_seconds()) + 5)
    manager = staff(app, "manager")
    send(manager, "medium", picture(700, 400))
    assert manager.client.get(lost["src"]).status_code == 404
    assert manager.client.get(kept["src"]).status_code == 200, "a draft names it"


def test_a_transparent_picture_lies_on_white():
    out = BytesIO()
    Image.new("RGBA", (400, 300), (0, 0, 0, 0)).save(out, "PNG")
    with Image.open(BytesIO(checked("medium", out.getvalue()).data)) as kept:
        assert kept.getpixel((5, 5)) == (255, 255, 255)


def test_a_webm_is_kept_as_one_and_played_in_parts(app: App):
    manager = staff(app, "manager")
    made = send(manager, "medium", webm()).get_json()
    assert (made["width"], made["height"], made["seconds"]) == (1280, 720, 20.0)
    part = manager.client.get(made["src"], headers={"Range": "bytes=0-3"})
    assert (part.status_code, part.mimetype, part.data) == (206, "video/webm", EBML.to_bytes(4))
    long, large = webm(seconds=181), webm(width=4097)
    wrong = {"long": long, "pixels": large, "broken": webm(kind=b"matroska")}
    for reason, data in wrong.items():
        refused = send(manager, "medium", data)
        assert (refused.status_code, refused.get_json()["facts"]["reason"]) == (422, reason)
    assert send(manager, "photo", webm()).status_code == 422


@given(st.binary(max_size=80), st.integers(0, 170))
def test_a_webm_that_something_happened_to_is_read_or_refused(noise: bytes, at: int):
    damaged = webm()[:at] + noise + webm()[at + len(noise) :]
    try:
        film = read_film(damaged)
    except FilmWrong:
        return
    assert film.seconds > 0
    assert film.width * film.height > 0


def test_a_cut_film_is_told_from_a_whole_one():
    whole = film()
    assert read_film(whole).seconds == 20
    for cut in range(len(whole) - 72):
        with pytest.raises(FilmWrong):
            read_film(whole[:cut])
    recorded = webm()
    assert read_film(recorded).seconds == 20
    for cut in range(recorded.index(CLUSTER.to_bytes(4))):
        with pytest.raises(FilmWrong):
            read_film(recorded[:cut])
