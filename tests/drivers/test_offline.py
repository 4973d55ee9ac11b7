"""A host that gives numbers alone: its book, its disk, its door."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.line.clock import JumpClock
from drivers.offline.alone import ANSWER_S, EVERY_S, Alone
from drivers.offline.book import Book, NotGiven, filled
from drivers.offline.desk import FILE, OfflineDesk
from drivers.offline.door import Door
from drivers.offline.journal import Journal, JournalInUse
from drivers.offline.kept import Kept

NINE = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # nine in the morning in the hall
ORIGIN = "http://hall.example:8600"
NOWHERE = "http://127.0.0.1:9"  # where the host looks for a server that is away


class WallClock(JumpClock):
    """Steady and wall time move together."""

    def wall(self) -> str:
        return (NINE + timedelta(seconds=self.now() - 1000.0)).isoformat(timespec="milliseconds")


def lending(first: int = 980, last: int = 999, block: int = 1, **more: object) -> dict[str, object]:
    words = {"service": "社保登记", "service_en": "", "queue": "综合", "windows": "1、2"}
    paper = [
        {"text": "{number}", "size": 4, "align": "center", "bold": True},
        {"text": "{service_en}", "size": 1, "align": "left", "bold": False},
        {"text": "{taken_at}", "size": 1, "align": "left", "bold": False},
        {"qr": "{url}", "size": 6},
    ]
    follows = [{"text": "同号续办：{further}", "size": 1, "align": "left", "bold": False}]
    again = [{"text": "补打 第{copy}次", "size": 1, "align": "left", "bold": False}, *paper]
    return {
        "at": NINE.isoformat(),
        "until": (NINE + timedelta(hours=4)).isoformat(),
        "port": 0,
        "origins": [ORIGIN],
        "keys": {"K1": "secret-1", "K2": "secret-2"},
        "tickets": "http://hall.example/t/",
        "zone": "Asia/Shanghai",
        "reprints": 2,
        "blocks": [
            {"id": block, "day": "2026-03-02", "kiosk": "K1", "prefix": "A", "first": first, "last": last}
            | {"next": first}
        ],
        "queues": {
            queue: {"name": "综合", "name_en": "All", "windows": ["1"], "first": 1, "digits": 3}
            | {"gives": [[NINE.isoformat(), (NINE + timedelta(hours=3)).isoformat()]]}
            for queue in ("A", "Z")  # no numbers were lent of Z
        },
        "services": {
            "S001": {"queue": "A", "name": "社保登记", "name_en": "Social security"}
            | {"papers": {"K1": {"paper": 0, "words": {"zh": words, "en": words}}}},
            "S002": {"queue": "Z", "name": "医保登记", "name_en": "Health insurance"}
            | {"papers": {"K1": {"paper": 0, "words": {"zh": words, "en": words}}}},
        },
        "classes": ["elder"],
        "several": True,
        "papers": [
            {"zh": paper, "en": paper, "zh+": again, "en+": again}
            | {f"{lang}&": paper + follows for lang in ("zh", "en")}
            | {f"{lang}+&": again + follows for lang in ("zh", "en")}
        ],
        **more,
    }


class Beside:
    """A host's desk with the jobs it made; `kill` is a death at this moment."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.clock, self.jobs = folder, WallClock(), []
        self.desk = OfflineDesk(folder, self.jobs.append, self.clock)

    def kill(self) -> Beside:
        self.desk.close()  # closes the files, as the end of a process does; nothing is written
        self.desk = OfflineDesk(self.folder, self.jobs.append, self.clock)
        return self

    def give(self, request: str = "request-1", service: str = "S001") -> dict:
        return self.desk.give("K1", request, service, "zh")

    def print(self, state: str = "confirmed") -> None:
        self.desk.heard({"job": self.jobs[-1]["id"], "state": state, "reason": ""})


@pytest.fixture
def beside(tmp_path: Path) -> Beside:
    made = Beside(tmp_path)
    assert made.desk.lend(lending())
    return made


def test_a_number_is_given_printed_and_owed(beside: Beside) -> None:
    given = beside.give()
    assert (given["ticket"]["number"], given["offline"], given["slip"]["state"]) == ("A980", True, "queued")
    job = beside.jobs[-1]
    assert [p.get("text") or p.get("qr") for p in job["parts"]] == [
        "A980",
        "2026-03-02 09:00",
        f"http://hall.example/t/{given['ticket']['link']}",
    ]
    assert beside.desk.owed() == []  # not before its paper is settled
    beside.print()
    (owed,) = beside.desk.owed()
    assert (owed["seq"], owed["slip"], owed["at"], owed["block"]) == (
        980,
        "printed",
        NINE.isoformat(timespec="milliseconds"),
        1,
    )
    beside.desk.handed([owed["link"]])
    assert beside.desk.owed() == []
    assert beside.desk.held() == {"1": 981}


def test_a_class_and_several_services_stand_on_one_number(beside: Beside) -> None:
    wish = ("K1", "request-1", "S001", "zh", "elder", ["S002"])
    given = beside.desk.give(*wish)
    assert [(s["id"], s["name"]) for s in given["ticket"]["further"]] == [("S002", "医保登记")]
    assert beside.jobs[-1]["parts"][-1]["text"] == "同号续办：医保登记"
    assert beside.kill().desk.give(*wish)["ticket"]["number"] == "A980"  # the same wish, after a death
    (owed,) = beside.desk.owed()
    assert (owed["priority"], owed["further"]) == ("elder", ["S002"])
    link = given["ticket"]["link"]
    assert beside.desk.reprint("K1", link)["copy"] == 2
    assert beside.jobs[-1]["parts"][-1]["text"] == "同号续办：医保登记"
    for priority, further, code in [
        ("hero", [], "priority-unknown"),
        ("ordinary", ["S009"], "service-unknown"),
        ("ordinary", ["S001"], "service-repeated"),
        ("ordinary", ["S002", "S002"], "service-repeated"),
    ]:
        with pytest.raises(NotGiven, match=code):
            beside.desk.give("K1", "request-2", "S001", "zh", priority, further)
    with pytest.raises(NotGiven, match="request-id-conflict"):
        beside.desk.give("K1", "request-1", "S001", "zh")
    beside.desk.lend({**lending(), "several": False})
    with pytest.raises(NotGiven, match="service-single"):
        beside.desk.give("K1", "request-2", "S001", "zh", "ordinary", ["S002"])
    assert beside.give("request-3")["ticket"]["number"] == "A981"  # none of them used a number up


def test_the_same_request_is_the_same_number_after_a_death_too(beside: Beside) -> None:
    first = beside.give()["ticket"]["number"]
    assert beside.give()["ticket"]["number"] == first
    assert beside.kill().give()["ticket"]["number"] == first
    assert len(beside.jobs) == 1
    assert beside.give("request-2")["ticket"]["number"] == "A981"


def test_D9_a_death_between_journal_and_paper_is_unsure_and_prints_nothing_by_itself(beside: Beside) -> None:
    link = beside.give()["ticket"]["link"]
    beside.kill()
    assert len(beside.jobs) == 1
    assert beside.desk.slip("K1", link) == {
        "id": 0,
        "ticket": 0,
        "state": "unsure",
        "copy": 1,
        "reason": "host_restarted",
    }
    beside.desk.heard({"job": beside.jobs[0]["id"], "state": "confirmed", "reason": ""})
    assert beside.desk.slip("K1", link)["state"] == "unsure"  # a late word changes nothing any more
    assert beside.desk.reprint("K1", link)["copy"] == 2
    assert beside.jobs[-1]["parts"][0]["text"] == "补打 第1次"
    assert beside.jobs[-1]["copy"] == 1
    beside.print()
    assert beside.desk.owed()[0]["copies"] == 2


def test_no_more_papers_than_the_hall_allows(beside: Beside) -> None:
    link = beside.give()["ticket"]["link"]
    with pytest.raises(NotGiven, match="reprints-spent"):
        beside.desk.reprint("K1", link)  # the first is still under way
    for _ in range(2):
        beside.print()
        beside.desk.reprint("K1", link)
    beside.print("failed")
    with pytest.raises(NotGiven, match="reprints-spent"):
        beside.desk.reprint("K1", link)
    with pytest.raises(NotGiven, match="ticket-unknown"):
        beside.desk.reprint("K2", link)


@pytest.mark.parametrize(
    ("minutes", "service", "code"),
    [
        (-1, "S001", "offline-hours"),
        (180, "S001", "offline-hours"),
        (240, "S001", "offline-over"),
        (0, "S999", "service-unknown"),
    ],
)
def test_the_kept_hours_and_the_age_of_the_last_word_are_respected(
    beside: Beside, minutes: int, service: str, code: str
) -> None:
    beside.clock.sleep(0)
    beside.clock._at += minutes * 60
    with pytest.raises(NotGiven, match=code) as no:
        beside.give(service=service)
    if code == "offline-hours":
        assert no.value.facts == {"hours": "09:00–12:00"}
        assert beside.desk.status("K1")["why"] == code


def test_an_empty_block_says_so(tmp_path: Path) -> None:
    beside = Beside(tmp_path)
    beside.desk.lend(lending(998, 999))
    assert [beside.give(f"request-{n}")["ticket"]["number"] for n in (1, 2)] == ["A998", "A999"]
    with pytest.raises(NotGiven, match="offline-empty"):
        beside.give("request-3")
    assert beside.desk.status("K1") == {"services": [], "why": "offline-empty", "facts": {}}


def test_the_servers_clock_counts(tmp_path: Path) -> None:
    beside = Beside(tmp_path)
    beside.desk.lend(lending(at=(NINE + timedelta(minutes=7)).isoformat()))
    assert beside.give()["ticket"]["taken_at"].startswith("2026-03-02T01:07:00")
    assert beside.kill().desk.now() == NINE + timedelta(minutes=7)


def test_what_only_the_server_remembers_is_not_given_again(tmp_path: Path) -> None:
    beside = Beside(tmp_path)
    lent = lending()
    lent["blocks"][0]["next"] = 985  # an old copy of this disk had given so far
    beside.desk.lend(lent)
    assert beside.give()["ticket"]["number"] == "A985"


def test_a_torn_line_is_cut_away_and_a_damaged_book_is_laid_aside(beside: Beside) -> None:
    beside.give()
    file = beside.folder / FILE
    beside.desk.close()
    with file.open("ab") as torn:
        torn.write(b'{"given":{"request_id":"half')
    beside.kill()
    assert beside.give("request-2")["ticket"]["number"] == "A981"
    beside.desk.close()
    file.write_bytes(b"nonsense\n" + file.read_bytes())
    beside.kill()
    assert beside.desk.held() == {}
    assert len(list(beside.folder.glob("*.broken-*"))) == 1
    with pytest.raises(NotGiven, match="offline-over"):
        beside.give("request-3")


def test_two_hosts_cannot_share_one_book(beside: Beside) -> None:
    with pytest.raises(JournalInUse):
        Journal(beside.folder / FILE)
    other = OfflineDesk(beside.folder, beside.jobs.append, beside.clock)
    assert other.status("K1")["why"] == "offline"


def test_a_full_disk_gives_no_number_and_heals(beside: Beside, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("drivers.offline.journal.os.fsync", full)
        with pytest.raises(NotGiven, match="offline"):
            beside.give()
    assert beside.jobs == []  # nothing was printed of what is not on the disk
    assert beside.desk.status("K1")["why"] == "offline"
    beside.desk.lend(lending())  # the next word from the server opens the book again
    # the line may have reached the disk all the same: then its number is nobody's, and is not given again
    assert beside.give("request-2")["ticket"]["number"] == "A981"
    assert [one["reason"] for one in beside.desk.owed()] == ["host_restarted"]


@given(st.lists(st.sampled_from(["give", "print", "hand", "lend", "kill", "rewrite"]), max_size=40))
def test_a_rewritten_book_says_the_same(deeds: list[str]) -> None:
    """Whatever was written, in whatever order: the short book says what the long one does."""
    book = Book()
    book.apply({"lent": lending(), "skew_s": 1.5})
    for n, deed in enumerate(deeds):
        if deed == "give":
            seq = book.nexts[1]
            link = f"link-{n}"
            row = {
                "request_id": f"r{n}",
                "block": 1,
                "kiosk": "K1",
                "seq": seq,
                "number": f"A{seq}",
                "service": "S001",
            }
            book.apply({"given": {**row, "lang": "zh", "at": NINE.isoformat(), "link": link}})
        elif deed == "print" and book.unsettled():
            one = book.unsettled()[0]
            book.apply({"slip": {"link": one.link, "slip": "printed", "reason": "", "copies": 1}})
        elif deed == "hand" and book.owed():
            book.apply({"handed": [book.owed()[0].link]})
        elif deed == "lend":
            book.apply({"lent": lending(), "skew_s": 1.5})
        elif deed in ("kill", "rewrite"):
            again = Book()
            for record in json.loads(json.dumps(list(book.records()))):
                again.apply(record)
            assert (again.held(), again.owed(), again.unsettled()) == (
                book.held(),
                book.owed(),
                book.unsettled(),
            )
            book = again
    numbers = [one.number for one in book.given.values()]
    assert len(set(numbers)) == len(numbers)


def test_a_long_book_is_begun_anew(beside: Beside, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("drivers.offline.desk.LONG", 10)
    for n in range(8):
        beside.give(f"request-{n}")
        beside.print()
        beside.desk.handed([beside.desk.owed()[0]["link"]])
    assert len((beside.folder / FILE).read_text("utf-8").splitlines()) < 20
    assert beside.kill().desk.held() == {"1": 988}
    assert beside.give("request-3")["ticket"]["number"] == "A983"


def test_a_line_that_comes_out_empty_is_left_out() -> None:
    parts = [{"text": "{a}"}, {"text": "{b}!"}, {"rule": True}]
    assert filled(parts, {"a": " ", "b": "x"}) == [{"text": "x!"}, {"rule": True}]


# --- telling the server


def test_what_was_given_is_told_first_and_then_what_is_held(beside: Beside) -> None:
    page = Kept(beside.folder, "", str, beside.clock)
    alone = Alone(beside.desk, Door(beside.desk, page), page, beside.clock)
    beside.give()
    beside.print("unsure")
    name, facts, hear = alone.due()
    assert (name, [one["seq"] for one in facts["numbers"]]) == ("given", [980])
    assert alone.due() is None  # one question at a time
    beside.clock.sleep(ANSWER_S)
    assert alone.due()[0] == "given"  # nobody answered
    hear({"ok": True, "done": [facts["numbers"][0]["link"]]})
    name, facts, hear = alone.due()
    assert (name, facts) == ("borrow", {"held": {"1": 981}})
    hear(
        {
            "ok": True,
            "lending": {**lending(), "blocks": [*lending()["blocks"], {**lending(960, 979, 2)["blocks"][0]}]},
        }
    )
    assert alone.due()[1] == {"held": {"1": 981, "2": 960}}  # at once, so that the server knows it arrived
    assert alone.due() is None
    beside.clock.sleep(EVERY_S)
    assert alone.due()[0] == "borrow"
    alone.close()


# --- the door


@pytest.fixture
def door(beside: Beside, free_port: int) -> object:
    beside.desk.lend(lending(port=free_port))
    made = Door(beside.desk, Kept(beside.folder, NOWHERE, str, beside.clock))
    made.follow()
    yield f"http://127.0.0.1:{free_port}"
    made.close()


@pytest.fixture
def free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def ask(url: str, body: object = None, method: str | None = None, **headers: str) -> tuple[int, dict, dict]:
    sent = {
        "Origin": ORIGIN,
        "Authorization": "Bearer secret-1",
        **{k.replace("_", "-"): v for k, v in headers.items()},
    }
    data = None if body is None else json.dumps(body).encode()
    if data is not None:
        sent = {"Content-Type": "application/json", **sent}
    wanted = urllib.request.Request(url, data, {k: v for k, v in sent.items() if v}, method=method)
    try:
        with urllib.request.urlopen(wanted, timeout=5) as reply:
            raw = reply.read()
            return reply.status, json.loads(raw) if raw else {}, dict(reply.headers)
    except urllib.error.HTTPError as no:
        with no:
            return no.code, json.loads(no.read()), dict(no.headers)


WISH = {"request_id": "request-1", "service": "S001", "lang": "zh"}


def test_the_page_gets_its_number_at_the_door(door: str, beside: Beside) -> None:
    assert ask(f"{door}/K1")[1] == {"services": ["S001"], "why": None, "facts": {}, "server": False}
    status, taken, headers = ask(f"{door}/K1/numbers", WISH)
    assert (status, taken["ticket"]["number"]) == (201, "A980")
    assert headers["Access-Control-Allow-Origin"] == ORIGIN
    assert ask(f"{door}/K1/numbers", WISH)[1]["ticket"]["number"] == "A980"
    beside.print("failed")
    link = taken["ticket"]["link"]
    assert ask(f"{door}/K1/numbers/{link}")[1]["slip"]["state"] == "failed"
    assert ask(f"{door}/K1/numbers/{link}/reprint", {})[1]["slip"]["copy"] == 2
    assert ask(f"{door}/K1/numbers", {**WISH, "request_id": "request-2", "service": "S9"})[0] == 404


def test_a_page_on_another_machine_asks_first(door: str) -> None:
    status, _, headers = ask(
        f"{door}/K1/numbers",
        method="OPTIONS",
        Authorization="",
        Access_Control_Request_Private_Network="true",
    )
    assert (status, headers["Access-Control-Allow-Private-Network"]) == (204, "true")
    assert "Authorization" in headers["Access-Control-Allow-Headers"]
    assert ask(f"{door}/K1", Origin=NOWHERE)[0] == 200  # as the host itself calls the server


FOREIGN = [
    ({"Origin": "http://evil.example"}, 403),
    ({"Origin": "null"}, 403),
    ({"Origin": ""}, 403),
    ({"Origin": "https://hall.example:8600"}, 403),
    ({"Host": "evil.example"}, 403),
    ({"Authorization": ""}, 401),
    ({"Authorization": "Bearer secret-2"}, 401),  # another kiosk's
    ({"Authorization": "Bearer s\u00e4"}, 401),
    ({"Content_Type": "text/plain"}, 422),
]


def test_nobody_else_gets_in(door: str, beside: Beside) -> None:
    for headers, status in FOREIGN:
        found = ask(f"{door}/K1/numbers", WISH, **headers)
        assert found[0] == status, headers
        assert ("Access-Control-Allow-Origin" in found[2]) == (status != 403)
    assert beside.jobs == []


NONSENSE: list[tuple[str, object, int]] = [
    ("/K1/numbers", {}, 422),
    ("/K1/numbers", {**WISH, "request_id": "x"}, 422),
    ("/K1/numbers", {**WISH, "lang": "de"}, 422),
    ("/K1/numbers", {**WISH, "service": 7}, 422),
    ("/K1/numbers", {**WISH, "priority": 7}, 422),
    ("/K1/numbers", {**WISH, "further": "S002"}, 422),
    ("/K1/numbers", {**WISH, "further": [2]}, 422),
    ("/K1/numbers", {**WISH, "further": ["a", "b", "c", "d", "e"]}, 422),
    ("/K1/numbers", {**WISH, "priority": "hero"}, 409),
    ("/K1/numbers", [1], 422),
    ("/K1/numbers", {**WISH, "more": "x" * 5000}, 422),
    ("/K1", WISH, 422),
    ("/K1/numbers/" + "a" * 22 + "/reprint", {}, 404),
    ("/../K1/numbers", WISH, 401),
    ("/", WISH, 401),
    ("/K%31/numbers", WISH, 201),
]


def test_what_cannot_be_understood_is_refused(door: str) -> None:
    for path, body, status in NONSENSE:
        assert ask(f"{door}{path}", body)[0] == status, (path, body)


def test_a_taken_port_is_no_end(beside: Beside, free_port: int) -> None:
    import socket

    with socket.socket() as other:
        other.bind(("127.0.0.1", free_port))
        other.listen()
        beside.desk.lend(lending(port=free_port))
        door = Door(beside.desk, Kept(beside.folder, "", str, beside.clock))
        door.follow()
    door.follow()
    assert ask(f"http://127.0.0.1:{free_port}/K1")[0] == 200
    beside.desk.lend(None)
    door.follow()
    with pytest.raises(urllib.error.URLError):
        ask(f"http://127.0.0.1:{free_port}/K1")


def test_F19_a_restored_server_is_told_again_what_the_lost_one_knew(tmp_path: Path) -> None:
    """By the era it lends in; one that never was restored, and one of the same era, is told once."""
    one = OfflineDesk(tmp_path, lambda job: None, WallClock())
    one.lend(lending(era=""))
    link = one.give("K1", "r1", "S001", "zh")["ticket"]["link"]
    one.heard({"job": f"offline-{link}-1", "state": "confirmed"})
    one.handed([link])
    one.lend(lending(era="", next=981))
    assert one.owed() == []
    one.close()
    again = OfflineDesk(tmp_path, lambda job: None, WallClock())
    again.lend(None)
    again.lend(lending(era="0badcafe"))
    assert [row["link"] for row in again.owed()] == [link]
    again.handed([link])
    again.lend(lending(era="0badcafe"))
    assert again.owed() == []
    again.close()
