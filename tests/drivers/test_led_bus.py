"""Many screens on one pair of wires at 9600 baud: how long a refresh takes, how soon a call gets through,
what a dead address costs, and what a summary screen is told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from drivers.agenda import Agenda, Waiting
from drivers.errors import SpecError
from drivers.host import Host
from drivers.jobs import ShowText
from drivers.line.serial_line import Settings
from drivers.spec import CONFIG, HallSpec, LineSpec, load

STRIPS = 20
REFRESH_S, CALL_S, TIME_OUT_S = 3.0, 0.25, 0.4


class Bus:
    """A host on a declared hall, stepped by a clock that jumps."""

    def __init__(self, bench, clock, hall):
        self.bench, self.clock, self.said = bench, clock, []
        self.host = Host(hall, lambda name, facts: self.said.append((clock.now(), name, facts)), clock)
        self.far = {peer.name: peer for _, peer in bench.peers()}

    def tell(self, texts, tone="welcome"):
        """The server tells the present: window -> (text, number)."""
        rows = [
            {"window": w, "text": text, "kind": tone, "number": number, "window_number": w[1:].lstrip("0")}
            for w, (text, number) in texts.items()
        ]
        self.host.present({"strips": rows, "keypads": []})

    def call(self, window, number, job="call", tone="call"):
        desk = window[1:].lstrip("0")
        facts = {"window": window, "text": f"请{number}号到{desk}号窗口", "kind": tone}
        facts |= {"number": number, "window_number": desk}
        self.host.submit({"id": job, "kind": "show_text", "deadline_s": 20, "facts": facts})

    def step(self):
        before = self.clock.now()
        self.host.step_all()
        if self.clock.now() == before:
            self.clock.sleep(0.005)
        self.bench.look()

    def until(self, reached, most=30.0):
        """Seconds until `reached()`."""
        began = self.clock.now()
        while not reached():
            self.step()
            assert self.clock.now() - began < most
        return self.clock.now() - began

    def run(self, seconds):
        until = self.clock.now() + seconds
        while self.clock.now() < until:
            self.step()

    def result(self, job):
        return [f["state"] for _, name, f in self.said if name == "result" and f["job"] == job]

    def health(self, device):
        return [f["state"] for _, name, f in self.said if name == "health" and f["device"] == device]


@pytest.fixture
def bus(bench, clock, declare):
    def make(model="strip_128x16", count=STRIPS):
        hall = declare(*[(model, n, "virtual://bus", f"W{n:02}") for n in range(1, count + 1)])
        slow = [replace(spec, line=LineSpec(spec.line.url, Settings(baud=9600))) for spec in hall.devices]
        return Bus(bench, clock, HallSpec("hall", tuple(slow)))

    return make


def greeting(n):
    return {f"W{k:02}": (f"请B{n:03}号到{k}号窗口", None) for k in range(1, STRIPS + 1)}


def shown(one, n):
    texts = greeting(n)
    return lambda: all(one.far[f"d{k - 1}"].text == texts[f"W{k:02}"][0] for k in range(1, STRIPS + 1))


def test_twenty_strips_on_one_pair_are_told_the_present_in_three_seconds(bus):
    one = bus()
    one.tell(greeting(1))
    first = one.until(shown(one, 1))  # the line was closed before
    one.run(2)
    one.tell(greeting(2))
    again = one.until(shown(one, 2))
    assert max(first, again) <= REFRESH_S, (first, again)
    assert all(peer.rejected == 0 for peer in one.far.values())


def test_after_a_cut_the_refresh_takes_no_longer(bus, bench):
    one = bus()
    one.tell(greeting(1))
    one.until(shown(one, 1))
    bench.act("d0", "unplug", {})
    one.until(lambda: one.health("d0")[-1] == "down")
    for peer in one.far:
        bench.act(peer, "power", {})
    bench.act("d0", "replug", {})
    opens = one.host._where["d0"].crew.line.opens
    one.until(lambda: one.host._where["d0"].crew.line.opens > opens)
    assert one.until(shown(one, 1)) <= REFRESH_S
    assert {one.health(name)[-1] for name in one.far} == {"ok"}


@pytest.mark.parametrize("after", [0.0, 0.05, 0.13, 0.77, 1.9])
@pytest.mark.parametrize("window", ["W01", "W20"])
def test_a_call_gets_through_while_all_are_told_again(bus, after, window):
    one = bus()
    one.tell(greeting(1))
    one.until(shown(one, 1))
    one.run(1)
    one.tell({w: (text, number) for w, (text, number) in greeting(2).items()}, tone="call")
    one.run(after)
    one.call(window, "A777")
    far = one.far[f"d{int(window[1:]) - 1}"]
    assert one.until(lambda: "A777" in far.text) <= CALL_S
    one.until(lambda: one.result("call") == ["confirmed"])
    one.run(3)
    assert "A777" in far.text  # the older present does not come back


def test_calls_to_all_windows_at_once_take_no_longer_than_a_refresh(bus):
    one = bus()
    one.run(5)
    for n in range(1, STRIPS + 1):
        one.call(f"W{n:02}", f"A{n:03}", f"job-{n}")
    assert one.until(lambda: all(one.result(f"job-{n}") for n in range(1, STRIPS + 1))) <= REFRESH_S
    assert all(one.result(f"job-{n}") == ["confirmed"] for n in range(1, STRIPS + 1))


@pytest.mark.parametrize("dead", [1, 20])
@pytest.mark.parametrize("tone", ["call", "welcome"])
def test_one_dead_address_costs_the_others_one_time_out(bus, bench, dead, tone):
    """Whatever the others wait for: a refresh, and calls that come meanwhile."""
    one = bus()
    one.tell(greeting(1))
    one.until(shown(one, 1))
    one.run(1)
    bench.act(f"d{dead - 1}", "fault", {"fault": "silent"})
    one.tell(greeting(2), tone=tone)
    texts = greeting(2)
    others = [k for k in range(1, STRIPS + 1) if k != dead]
    took = one.until(lambda: all(one.far[f"d{k - 1}"].text == texts[f"W{k:02}"][0] for k in others))
    assert took <= REFRESH_S + TIME_OUT_S
    one.until(lambda: one.health(f"d{dead - 1}")[-1:] == ["down"])
    for n, k in enumerate(others * 3):
        one.call(f"W{dead:02}", f"C{n:03}", f"dead-{n}")
        one.call(f"W{k:02}", f"A{n:03}", f"job-{n}")
        began = one.clock.now()
        one.until(lambda n=n: one.result(f"job-{n}") == ["confirmed"])
        assert one.clock.now() - began <= CALL_S + TIME_OUT_S + 0.05
        one.run(0.31)


def test_an_address_that_dies_in_the_middle_of_calls_costs_one_time_out(bus, bench):
    """Its three tries do not go one after another while others wait."""
    one = bus()
    one.run(5)
    bench.act("d0", "fault", {"fault": "silent"})
    one.call("W01", "A001", "dead")
    one.run(0.2)
    for n in range(2, 8):
        one.call(f"W{n:02}", f"A{n:03}", f"job-{n}", tone="pause" if n % 2 else "call")
    took = one.until(lambda: all(one.result(f"job-{n}") == ["confirmed"] for n in range(2, 8)))
    assert took <= TIME_OUT_S + 0.1 + 6 * 0.14
    one.until(lambda: one.result("dead") == ["failed"])


def test_a_strip_that_shows_texts_is_not_asked_besides(bus):
    """A confirmed text is a sign of life: nothing goes over the wire but what people read."""
    one = bus(count=2)
    one.tell({"W01": ("请B001号到1号窗口", None), "W02": ("请B001号到2号窗口", None)})
    one.run(1)
    assert [peer.frames for peer in one.far.values()] == [1, 1]
    assert [one.health(name) for name in one.far] == [["ok"], ["ok"]]
    card, seconds = one.far["d0"], []
    for _ in range(130):
        before = card.frames, card.shows
        one.run(1)
        seconds.append((card.frames - before[0], card.shows - before[1]))
    assert set(seconds) == {(0, 0), (1, 0), (1, 1)}  # nothing, a question, a text
    assert (1, 1) in seconds


def test_screens_that_never_answer_are_refreshed_as_fast(bus):
    one = bus("strip_pingan")
    one.tell(greeting(1))
    one.until(shown(one, 1))
    one.run(1)
    one.tell(greeting(2))
    assert one.until(shown(one, 2)) <= REFRESH_S


# --- what is told again gives way
def waiting(device, at=0.0, tone="call", **more):
    return Waiting(ShowText(device, device, "x", tone), device, at, at + 60, **more)


def test_a_new_pause_goes_before_a_call_that_is_only_told_again():
    agenda = Agenda()
    agenda.put(waiting("a", 1, refresh=True))
    agenda.put(waiting("b", 2, "pause"))
    assert [agenda.take(9).device for _ in range(2)] == ["b", "a"]


def test_a_present_that_replaces_news_stays_news():
    agenda = Agenda()
    agenda.put(waiting("a", 1))
    agenda.put(waiting("b", 2))
    agenda.put(waiting("a", 3, refresh=True))
    assert [agenda.take(9).refresh for _ in range(2)] == [False, False]


def test_after_a_silence_whoever_waited_goes_first():
    agenda = Agenda()
    agenda.put(waiting("dead", 5, tries=1))
    agenda.put(waiting("patient", 4, "welcome"))
    agenda.put(waiting("late", 6, "welcome"))
    assert [agenda.take(9).device for _ in range(3)] == ["patient", "dead", "late"]


# --- a summary screen
@pytest.fixture
def summary(bench, clock, declare, tmp_path):
    def make(windows=""):
        declare(
            ("strip_pingan_number", 1, "virtual://bus", "W01"),
            ("strip_pingan_number", 2, "virtual://bus", "W02"),
        )
        path = tmp_path / "devices.toml"
        row = '[[device]]\nname = "summary"\nmodel = "summary_pingan"\nline = "virtual://bus"\naddress = 9\n'
        path.write_text(path.read_text("utf-8") + row + windows, "utf-8")
        return Bus(bench, clock, load(path, CONFIG / "profiles"))

    return make


def test_a_summary_screen_shows_the_calls_of_all_windows(summary):
    one = summary()
    one.run(1)
    one.call("W01", "A001", "one")
    one.call("W02", "A002", "two")
    one.until(lambda: len(one.far["summary"].rows) == 2)
    assert one.far["summary"].rows == ["请A0002号顾客到2号窗口", "请A0001号顾客到1号窗口"]
    assert one.result("one") == one.result("two") == ["confirmed"]
    one.call("W01", "A001", "three", tone="pause")
    one.run(1)
    assert len(one.far["summary"].rows) == 2
    assert one.far["d0"].text == "暂停服务"
    assert one.health("summary") == ["ok"]


def test_a_summary_screen_of_some_windows(summary):
    one = summary('windows = ["W02"]\n')
    one.run(1)
    one.call("W01", "A001")
    one.call("W02", "A002")
    one.run(1)
    assert one.far["summary"].rows == ["请A0002号顾客到2号窗口"]


def test_a_summary_screen_is_told_again_only_when_it_was_away(summary, bench):
    one = summary()
    one.call("W01", "A001")
    one.call("W02", "A002")
    one.run(130)  # strips are told again every minute
    assert one.far["summary"].shows == 2
    assert one.far["d0"].shows >= 2
    called = {"W01": ("请A001号到1号窗口", "A001"), "W02": ("请A002号到2号窗口", "A002")}
    one.tell(called, tone="call")  # the server came back: nothing new
    one.run(2)
    assert one.far["summary"].shows == 2
    bench.act("summary", "power", {})
    bench.act("summary", "fault", {"fault": "silent"})
    one.run(20)
    assert one.health("summary")[-1] == "down"
    one.call("W02", "A002", "gone", tone="serving")
    bench.act("summary", "clear", {})
    one.until(lambda: one.far["summary"].rows)
    one.run(1)
    assert one.far["summary"].rows == ["请A0001号顾客到1号窗口"]  # the one that is still called
    assert one.health("summary")[-1] == "ok"


def test_a_font_card_summary_screen_is_told_again_every_minute(bench, clock, declare, tmp_path):
    """Its memory dies with its power, and a list said again is the same list."""
    declare(("strip_128x16", 1, "virtual://bus", "W01"), ("strip_128x16", 2, "virtual://bus", "W02"))
    path = tmp_path / "devices.toml"
    row = '[[device]]\nname = "summary"\nmodel = "summary_bx6k"\nline = "virtual://bus"\naddress = 9\n'
    path.write_text(path.read_text("utf-8") + row, "utf-8")
    one = Bus(bench, clock, load(path, CONFIG / "profiles"))
    for n, window in enumerate(("W01", "W02", "W01"), 1):
        one.call(window, f"A00{n}", f"job-{n}")
        one.run(1)
    card = one.far["summary"]
    rows = ["请A003号到1号窗口", "请A002号到2号窗口", "请A001号到1号窗口"]
    assert card.look()["rows"] == rows
    bench.act("summary", "power", {})
    frames = card.shows
    one.run(70)
    assert card.look()["rows"] == rows
    assert card.shows == frames + 1


def test_where_a_summary_screen_stands(declare, tmp_path):
    with pytest.raises(SpecError) as caught:
        declare(("summary_pingan", 9, "virtual://bus", "W01"))
    assert "'d0'.window" in str(caught.value)
    (tmp_path / "devices.toml").write_text(
        '[[device]]\nname = "s"\nmodel = "strip_pingan"\nline = "virtual://x"\naddress = 1\nwindow = "W01"\n'
        'windows = ["W02"]\n'
    )
    with pytest.raises(SpecError, match="windows"):
        load(tmp_path / "devices.toml", CONFIG / "profiles")


# --- faults from the line's URL
def test_faults_may_stand_in_the_url(bus, bench, clock, declare, plug):
    _, (card, *_) = plug("virtual://onbon_bxk/u?address=1&fault=no_ack,late_ack:0.25")
    assert card.faults == {"no_ack": 1.0, "late_ack": 0.25}
    one = Bus(bench, clock, declare(("strip_pingan_number", 1, "virtual://b?fault=wrong_source", "W01")))
    one.call("W01", "A001")
    one.until(lambda: one.result("call") == ["failed"])
    assert one.health("d0")[-1] == "down"
    bench.act("d0", "clear", {"fault": "wrong_source"})
    one.call("W01", "A002", "again")
    one.until(lambda: one.health("d0")[-1] == "ok")


def test_a_screen_that_cannot_be_asked_stays_down_until_it_takes_a_text(declare, bench, clock):
    """It has no query: only a text that it acknowledges shows that it is back."""
    one = Bus(bench, clock, declare(("frame_a090", 3, "virtual://bus", "W01")))
    one.call("W01", "A001")
    one.run(2)
    bench.act("d0", "fault", {"fault": "silent"})
    one.call("W01", "A002", "lost")
    one.run(120)
    assert one.health("d0") == ["ok", "down"]
    assert one.result("lost") == ["failed"]
    bench.act("d0", "clear", {})
    one.until(lambda: "A002" in one.far["d0"].text)
    one.run(2)
    assert one.health("d0") == ["ok", "down", "ok"]
