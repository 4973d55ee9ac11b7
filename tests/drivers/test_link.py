"""The host and a real Socket.IO server over a real local socket: hello, jobs, acknowledgements, loss and
return.
"""

from __future__ import annotations

import threading
import time
from contextlib import suppress

import pytest
import socketio
from werkzeug.serving import make_server

from drivers.line.clock import JumpClock
from drivers.link import UNDER_WAY, Link, Outbox
from drivers.spec import CONFIG, HallSpec, load


class Server:
    """Just enough server: keeps what it hears, acknowledges when told to."""

    def __init__(self, port=0, acknowledge=True):
        self.heard: list[tuple[str, dict]] = []
        self.acknowledge = acknowledge
        self.changed = threading.Condition()
        self.sio = socketio.Server(async_mode="threading", cors_allowed_origins=[])
        self.sio.on("connect", self._connect, namespace="/devices")
        for name in ("hello", "health", "result", "key", "rated", "virtual"):
            self.sio.on(name, self._take(name), namespace="/devices")
        self.web = make_server("127.0.0.1", port, socketio.WSGIApp(self.sio), threaded=True)
        self.port = self.web.server_port
        self.thread = threading.Thread(target=self.web.serve_forever, daemon=True)
        self.thread.start()

    def _connect(self, sid, environ, auth):
        if auth != {"key": "secret"}:
            raise socketio.exceptions.ConnectionRefusedError("unknown-device")
        self.sid = sid

    def _take(self, name):
        def take(sid, facts):
            with self.changed:
                self.heard.append((name, facts))
                self.changed.notify_all()
            if not self.acknowledge and name != "hello":
                raise RuntimeError("no acknowledgement today")
            return {"ok": True}

        return take

    def tell(self, event, facts):
        self.sio.emit(event, facts, namespace="/devices")

    def all(self, name):
        return [facts for what, facts in list(self.heard) if what == name]

    def wait_for(self, true, seconds=15.0):
        until = time.monotonic() + seconds
        with self.changed:
            while not true():
                left = until - time.monotonic()
                assert left > 0, [name for name, _ in self.heard][-20:]
                self.changed.wait(min(left, 0.2))

    def close(self):
        with suppress(Exception):
            self.sio.disconnect(self.sid, namespace="/devices")
        self.web.shutdown()
        self.web.server_close()
        self.thread.join(5)


@pytest.fixture
def linked():
    made = []

    def make(server, key="secret"):
        whole = load(CONFIG / "devices.toml")
        names = ("printer-K1", "strip-W01", "keypad-W01")
        hall = HallSpec("hall", tuple(spec for spec in whole.devices if spec.name in names))
        link = Link(f"http://127.0.0.1:{server.port}", key, hall)
        thread = threading.Thread(target=link.run, daemon=True)
        thread.start()
        made.append((link, thread))
        return link

    yield make
    for link, thread in made:
        link.stop()
        thread.join(10)
        assert not thread.is_alive()


@pytest.fixture
def server():
    made = []

    def make(**options):
        made.append(Server(**options))
        return made[-1]

    yield make
    for one in made:
        one.close()


SLIP = {
    "id": "slip-9",
    "kind": "print_slip",
    "kiosk": "K1",
    "copy": 0,
    "deadline_s": 20,
    "parts": [{"text": "A009"}],
}


def test_hello_jobs_results_keys_and_the_bench(server, linked):
    far = server()
    linked(far)
    far.wait_for(lambda: far.all("hello"))
    (hello,) = far.all("hello")
    assert {device["name"] for device in hello["devices"]} == {"printer-K1", "strip-W01", "keypad-W01"}
    assert hello["jobs"] == []
    far.tell("present", {"strips": [{"window": "W01", "text": "欢迎光临", "kind": "welcome"}], "keypads": []})
    far.tell("job", SLIP)
    far.wait_for(lambda: [r["state"] for r in far.all("result")] == ["sending", "confirmed"])
    far.tell("virtual_act", {"device": "keypad-W01", "act": "press", "key": "call"})
    far.wait_for(lambda: far.all("key"))
    assert far.all("key")[0]["key"] == "call"
    assert len(far.all("key")[0]["event_id"]) == 32
    far.wait_for(lambda: any(v["model"].get("text") == "欢迎光临" for v in far.all("virtual")))
    far.wait_for(lambda: any("A009" in str(v["model"].get("papers")) for v in far.all("virtual")))
    far.tell("virtual_act", {"device": "printer-K1", "act": "fault", "fault": "paper_out"})
    far.tell("virtual_act", {"device": "nobody", "act": "fault"})
    far.tell("virtual_act", 7)
    far.wait_for(lambda: any(h["reason"] == "paper_out" for h in far.all("health")))


def test_lives_without_a_server_and_tells_what_happened_meanwhile(server, linked):
    first = server()
    link = linked(first)
    first.wait_for(lambda: first.all("hello"))
    port = first.port
    first.close()
    until = time.monotonic() + 10
    while link._client.connected and time.monotonic() < until:
        time.sleep(0.02)
    link.host.submit(SLIP)
    link._act({"device": "keypad-W01", "act": "press", "key": "recall"})
    second = server(port=port)
    second.wait_for(lambda: second.all("hello"))
    assert second.all("hello")[0]["jobs"] == ["slip-9"]  # held or untold, not forgotten
    second.wait_for(lambda: second.all("key") and len(second.all("result")) >= 2)
    assert [r["state"] for r in second.all("result")][:2] == ["sending", "confirmed"]
    second.wait_for(lambda: {h["device"] for h in second.all("health")} >= {"printer-K1", "strip-W01"})
    second.wait_for(lambda: len(link.outbox) == 0)


def test_a_wrong_key_keeps_trying_and_disturbs_nothing(server, linked):
    far = server()
    link = linked(far, key="wrong")
    link.host.submit(SLIP)
    until = time.monotonic() + 10
    while len(link.outbox) < 2 and time.monotonic() < until:
        time.sleep(0.02)
    assert far.heard == []
    assert len(link.outbox) == 2


def test_outbox_keeps_order_until_acknowledged():
    clock = JumpClock()
    outbox = Outbox(clock, limit=3)
    for n in range(4):
        outbox.put("result", {"n": n, "job": f"slip-{n}"})
    due = outbox.due(clock.now())
    assert [fact.facts["n"] for fact in due] == [1, 2, 3]
    assert outbox.due(clock.now()) == []
    outbox.done(due[1].token)
    clock.sleep(3.5)
    assert [fact.facts["n"] for fact in outbox.due(clock.now())] == [1, 3]
    outbox.again()
    assert len(outbox.due(clock.now())) == 2
    (full,) = outbox.look()["dead"]
    assert (full["job"], full["refused"]) == ("slip-0", "outbox-full")


def test_keys_of_one_pad_are_told_one_after_the_other():
    """The server does what it is told in threads of their own: "call" and "start", said at once, may change
    places."""
    clock = JumpClock()
    outbox = Outbox(clock)
    for key in ("call", "start"):
        for window in ("W01", "W02"):
            outbox.put("key", {"device": f"keypad-{window}", "window": window, "key": key})
    first = outbox.due(clock.now())
    assert [(f.facts["window"], f.facts["key"]) for f in first] == [("W01", "call"), ("W02", "call")]
    assert outbox.due(clock.now()) == []
    outbox.done(first[1].token, {"ok": True})
    assert [(f.facts["window"], f.facts["key"]) for f in outbox.due(clock.now())] == [("W02", "start")]
    clock.sleep(3.5)
    again = [(f.facts["window"], f.facts["key"]) for f in outbox.due(clock.now())]
    assert again == [("W01", "call"), ("W02", "start")]


def test_thousands_of_facts_are_told_a_few_at_a_time_in_order_and_once():
    clock = JumpClock()
    outbox = Outbox(clock)
    for n in range(4000):
        outbox.put("rated", {"device": f"keypad-{n % 60}", "window": "W01", "n": n})
    heard = []
    while len(outbox):
        due = outbox.due(clock.now())
        assert 0 < len(due) <= UNDER_WAY
        heard += [fact.facts["n"] for fact in due]
        for fact in due:
            outbox.done(fact.token, {"ok": True})
        clock.sleep(0.01)
    assert sorted(heard) == list(range(4000))
    for pad in range(60):
        mine = [n for n in heard if n % 60 == pad]
        assert mine == sorted(mine)


def test_a_few_that_get_no_answer_do_not_hold_up_the_rest():
    clock = JumpClock()
    outbox = Outbox(clock)
    for n in range(UNDER_WAY + 1):
        outbox.put("result", {"job": f"slip-{n}", "state": "confirmed"})
    assert len(outbox.due(clock.now())) == UNDER_WAY
    said = []
    for _ in range(4):
        clock.sleep(1)
        said += [fact.facts["job"] for fact in outbox.due(clock.now())]
    clock.sleep(3.5)
    said += [fact.facts["job"] for fact in outbox.due(clock.now())]
    assert f"slip-{UNDER_WAY}" in said


def test_a_server_that_hangs_for_an_hour_loses_nothing_and_is_not_pressed():
    clock = JumpClock()
    outbox = Outbox(clock)
    outbox.put("result", {"job": "slip-1", "state": "confirmed"})
    outbox.put("rated", {"device": "keypad-W01", "value": 5, "leg": "7"})
    said = []
    for _ in range(3600):
        said += outbox.due(clock.now())
        clock.sleep(1)
    assert 2 * 60 < len(said) < 2 * 130
    assert outbox.look() == {"waiting": 2, "oldest_s": 3600, "dead": []}
    assert said[-1].said(clock.now())["ago_s"] == 3600, "the press counts from its own moment"
    assert "ago_s" not in said[-2].said(clock.now())
    for fact in said[-2:]:
        outbox.done(fact.token, {"ok": True})
    assert len(outbox) == 0


def test_only_a_refusal_with_a_code_ends_a_fact_and_it_is_kept_to_be_seen():
    clock = JumpClock()
    outbox = Outbox(clock)
    outbox.put("rated", {"device": "keypad-W01", "window": "W01", "value": 5, "leg": "7"})
    outbox.put("card", {"device": "reader-K1", "number": "990123194902030012"})
    for fact in outbox.due(clock.now()):
        outbox.done(fact.token, {"ok": False, "refused": "rating-too-late", "facts": {"leg": 7, "x": []}})
        outbox.done(fact.token, {"ok": False, "refused": "rating-too-late"})
    card, rated = outbox.look()["dead"]
    assert rated.pop("at")
    about = {"device": "keypad-W01", "window": "W01", "value": "5", "leg": "7"}
    assert rated == {"name": "rated", "refused": "rating-too-late", "facts": {"leg": "7"}, **about}
    assert not card.pop("facts"), "of a card nobody keeps a word"
    assert card.keys() == {"at", "name", "refused"}
    assert len(outbox) == 0


def test_nothing_is_told_before_the_server_knows_our_machines(server, linked):
    """It would refuse what a machine says that no hello has named yet."""
    far = server()
    let_in = threading.Event()

    def hello(sid, facts):
        far.heard.append(("hello", facts))
        let_in.wait(10)
        return {"ok": True}

    far.sio.on("hello", hello, namespace="/devices")
    link = linked(far)
    link._act({"device": "keypad-W01", "act": "press", "key": "call"})
    far.wait_for(lambda: far.all("hello") and link.outbox.look()["waiting"])
    told_early = far.all("key")
    let_in.set()
    far.wait_for(lambda: far.all("key"))
    assert not told_early
    assert far.all("key")[0]["ago_s"] >= 0


def test_a_card_is_told_soon_or_never_and_no_log_sees_it(caplog):
    clock = JumpClock()
    box = Outbox(clock)
    box.put("card", {"number": "990123194902030012"}, clock.now() + 2.5)
    box.put("result", {"job": "slip-1", "state": "confirmed"})
    assert [fact.name for fact in box.due(clock.now())] == ["card", "result"]
    clock.sleep(3)
    box.again()
    assert [fact.name for fact in box.due(clock.now())] == ["result"]
    assert len(box) == 1
    assert "nobody heard of a card" in caplog.text
    assert "990123" not in caplog.text
