"""What the server may ask of a running host, one word each, answered at once; of what takes time one asks
again.

    who                         which process this is
    status                      how the host, its declaration and its lines are
    trace    device, since      what passed by on the device's line
    trial    device, text       let a declared machine do its test -> job
    tried    job                how that went
    search   kinds, urls, addresses   begin to look who answers on ports nobody has declared
    found                       how far that is, and what was found
    try_found  url, baud, model, address, text   let a machine that is not declared do its test -> job
    address  device, to         give a declared machine another address -> job; its table in
                                config/devices.toml follows when the machine has confirmed it
    move_found  url, baud, model, address, to   the same for one that is not declared -> job
    relist   device, to         only the table: the address was set on the machine itself
    profile  name               the description of a model, to begin a new one with
    learn    name, text, url, baud, address, words   send with a description that is no file yet -> job
    save     name, text         keep it as a model
    declare / undeclare         one more machine in config/devices.toml, or one less

An answer is {"ok": true, …} or {"ok": false, "reason": word, "errors": […]}. Every answer stays far below
the 64 KiB that the server reads at once.
"""

from __future__ import annotations

import logging
import platform
import threading
import tomllib
import uuid
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from drivers.commission import edit, learn, search
from drivers.commission.tracefile import explained, together
from drivers.commission.trial import address_job, trial_job, try_out
from drivers.declared import Declared
from drivers.errors import JobError, SpecError
from drivers.host import Host
from drivers.jobs import Job
from drivers.line.serial_line import Settings
from drivers.spec import MODELS, DeviceSpec, LineSpec, models, moves

log = logging.getLogger(__name__)
MOST: Final = 40_000  # characters of one answer's bytes
ENTRIES: Final = 200
KINDS: Final = ("printer", "strip", "keypad", "reader", "scanner")
Answer = dict[str, Any]


class Asks:
    """Safe for several threads; `changed` is called when the declaration on disk is new."""

    def __init__(
        self,
        host: Host,
        declared: Declared | None,
        changed: Callable[[], None],
        untold: Callable[[], Answer],
    ) -> None:
        """untold: what the host has not told the server yet, and what that refused."""
        self._host, self._declared, self._changed, self._untold = host, declared, changed, untold
        self.troubles: tuple[str, ...] = ()
        self.refused = ""  # why the server lets this host do nothing, in its own sentence
        self.instance = uuid.uuid4().hex  # of this process
        self._guard = threading.Lock()
        self._progress = search.Progress(running=False)
        self._stopped = threading.Event()
        self._tried: OrderedDict[str, Answer] = OrderedDict()
        self._words: dict[str, Callable[[Mapping[str, Any]], Answer]] = {
            "who": self._who,
            "status": self._status,
            "trace": self._trace,
            "trial": self._trial,
            "tried": self._how,
            "search": self._search,
            "found": self._found,
            "try_found": self._try_found,
            "address": self._address,
            "move_found": self._move_found,
            "relist": self._relist,
            "profile": self._profile,
            "learn": self._learn,
            "save": self._save,
            "declare": self._declare,
            "undeclare": self._undeclare,
        }

    def answer(self, row: object) -> Answer:
        """Never raises: a question nobody understands is answered so."""
        facts = row if isinstance(row, Mapping) else {}
        word = self._words.get(str(facts.get("what", "")))
        if word is None:
            return _no("unknown_word")
        try:
            return word(facts)
        except SpecError as error:
            return _no("spec", error.errors)
        except (JobError, KeyError, TypeError, ValueError, OSError) as error:
            log.warning("asked %s: %s", facts.get("what"), error)
            return _no("not_understood", [str(error)[:200]])

    def stop(self) -> None:
        self._stopped.set()

    def _who(self, _facts: Mapping[str, Any]) -> Answer:
        return _yes(instance=self.instance, name=self._host.hall.host, computer=platform.node())

    def _status(self, _facts: Mapping[str, Any]) -> Answer:
        path = self._declared.path if self._declared else None
        return _yes(
            name=self._host.hall.host,
            computer=platform.node(),
            file=str(path) if path else "",
            troubles=list(self.troubles)[:50],
            refused=self.refused,
            untold=self._untold(),
            lines=self._host.lines(),
            devices=[
                {"name": s.name, "model": s.model, "kind": s.kind, "address": s.address, "line": s.line.url}
                | {"window": s.window, "kiosk": s.kiosk, "virtual": s.virtual, "moves": moves(s.driver)}
                | {"addressed": bool(MODELS[s.driver][3])}
                for s in self._host.hall.devices
            ],
            ports=search.look_around(self._declared_urls()),
            models=self._models(),
        )

    def _models(self) -> list[dict[str, Any]]:
        found = models(self._declared.profiles) if self._declared else {}
        return [
            {
                "name": name,
                "title": _title(self._declared.profiles / f"{name}.toml") if self._declared else "",
            }
            | {"driver": model.driver, "kind": MODELS[model.driver][2], "baud": model.baud}
            | {"moves": moves(model.driver)}
            for name, model in found.items()
        ]

    def _declared_urls(self) -> set[str]:
        return {spec.line.url for spec in self._host.hall.devices}

    def _trace(self, facts: Mapping[str, Any]) -> Answer:
        spec = self._spec(facts)
        record, since = self._host.record(spec.name), int(facts.get("since", 0))
        entries: list[Answer] = []
        room = MOST
        fresh = [
            one for one in explained(record.since(0), spec.driver, spec.profile) if one[0].number > since
        ]
        for passed, said in reversed(together(fresh)[-ENTRIES:]):
            room -= len(passed.hex) + 120
            if room < 0:
                break
            head = {"n": passed.number, "at": self._host.wall(passed.at), "way": passed.way}
            entries.append(head | {"hex": passed.hex, "said": [[code, more] for code, more in said]})
        last = max((e["n"] for e in entries), default=since)
        line = {"line": spec.line.url, "driver": spec.driver, "baud": spec.line.settings.baud}
        return _yes(**line, withheld=record.discreet, entries=entries[::-1], last=last)

    def _trial(self, facts: Mapping[str, Any]) -> Answer:
        spec = self._spec(facts)
        job = trial_job(spec, str(facts.get("text", ""))[:100])
        return _yes(job=self._host.trial(spec.name, job))

    def _how(self, facts: Mapping[str, Any]) -> Answer:
        job = str(facts.get("job", ""))
        with self._guard:
            known = self._tried.get(job)
        known = known or self._host.tried(job)
        return _yes(**known) if known else _no("unknown_job")

    def _search(self, facts: Mapping[str, Any]) -> Answer:
        kinds = [kind for kind in KINDS if kind in facts.get("kinds", KINDS)]
        ports = search.look_around(self._declared_urls())
        wanted = [str(url) for url in facts.get("urls", [])][:40]
        free = [p["url"] for p in ports if p["state"] == "free" and (not wanted or p["url"] in wanted)]
        typed = [url for url in wanted if url.startswith("socket://") and edit.URL.fullmatch(url)]
        urls = [url for url in [*free, *typed] if url not in self._declared_urls()]
        with self._guard:
            if self._progress.running:
                return _no("busy")
            self._progress = search.Progress(ports=ports)
        addresses = max(1, min(64, int(facts.get("addresses", search.ADDRESSES))))
        options = {"addresses": addresses, "clock": self._host.clock, "stopped": self._stopped}
        self._in_background(lambda: search.search(urls, kinds, self._progress, **options), "search")
        return self._found(facts)

    def _found(self, _facts: Mapping[str, Any]) -> Answer:
        return _yes(**self._progress.facts())

    def _address(self, facts: Mapping[str, Any]) -> Answer:
        spec, to = self._spec(facts), int(facts["to"])
        if self._declared is None:
            return _no("no_file")
        if not moves(spec.driver):
            return _no("fixed")
        declared, job = self._declared, address_job(spec.driver, spec.profile, to)
        edit.may_readdress(declared.path, spec.name, to, declared.profiles)  # or it would be lost to the hall

        def ended(result: Answer) -> Answer:
            if result["state"] != "confirmed":
                return result
            try:
                edit.readdress(declared.path, spec.name, to, declared.profiles)
            except (SpecError, KeyError, OSError) as error:
                log.error("%s has address %s, but the list could not follow: %s", spec.name, to, error)
                return {**result, "reason": "list_kept"}
            self._changed()
            return result

        return _yes(job=self._host.trial(spec.name, job, ended))

    def _relist(self, facts: Mapping[str, Any]) -> Answer:
        if self._declared is None:
            return _no("no_file")
        name, to = str(facts.get("device", "")), int(facts["to"])
        edit.readdress(self._declared.path, name, to, self._declared.profiles)
        self._changed()
        return _yes()

    def _move_found(self, facts: Mapping[str, Any]) -> Answer:
        return self._with_found(facts, lambda s: address_job(s.driver, s.profile, int(facts["to"])))

    def _try_found(self, facts: Mapping[str, Any]) -> Answer:
        return self._with_found(facts, lambda spec: trial_job(spec, str(facts.get("text", ""))[:100]))

    def _with_found(self, facts: Mapping[str, Any], job_for: Callable[[DeviceSpec], Job]) -> Answer:
        """Do something on a line nobody has declared, in the background."""
        url = str(facts["url"])
        if not edit.URL.fullmatch(url) or url in self._declared_urls() or self._progress.running:
            return _no("busy")
        model = models(self._declared.profiles)[str(facts["model"])] if self._declared else None
        if model is None:
            return _no("not_understood")
        address = int(facts.get("address", 0)) or 1
        spec = DeviceSpec(
            name=f"{model.driver}-{address}",
            model=str(facts["model"]),
            driver=model.driver,
            kind=MODELS[model.driver][2],
            line=LineSpec(url, Settings(int(facts.get("baud", 0)) or model.baud)),
            profile=model.profile,
            address=address,
        )
        if not moves(spec.driver) and "to" in facts:
            return _no("fixed")
        job, trial = job_for(spec), f"trial-{uuid.uuid4().hex[:12]}"
        self._remember(trial, "waiting", "")

        def work() -> None:
            outcome = try_out(spec, job, self._host.clock)
            self._remember(trial, outcome.state, outcome.reason)

        self._in_background(work, "trial")
        return _yes(job=trial)

    def _profile(self, facts: Mapping[str, Any]) -> Answer:
        if self._declared is None:
            return _no("no_file")
        return _yes(text=learn.template(self._declared.profiles, str(facts.get("name", ""))))

    def _learn(self, facts: Mapping[str, Any]) -> Answer:
        url, words = str(facts.get("url", "")), str(facts.get("words", ""))[:100]
        if url in self._declared_urls() or self._progress.running:
            return _no("busy")
        numbers = (int(facts.get("baud") or 0), int(facts.get("address") or 0) or 1)
        spec = learn.read(str(facts.get("name", "")), str(facts.get("text", "")), url, *numbers)
        trial = f"trial-{uuid.uuid4().hex[:12]}"
        self._remember(trial, "waiting", "")

        def work() -> None:
            outcome, entries = learn.send(spec, words, self._host.clock)
            self._remember(trial, outcome.state, outcome.reason, entries)

        self._in_background(work, "learn")
        return _yes(job=trial)

    def _save(self, facts: Mapping[str, Any]) -> Answer:
        if self._declared is None:
            return _no("no_file")
        path = learn.save(self._declared.profiles, str(facts.get("name", "")), str(facts.get("text", "")))
        self._changed()
        return _yes(file=str(path))

    def _remember(self, trial: str, state: str, reason: str, entries: list[Answer] | None = None) -> None:
        with self._guard:
            self._tried[trial] = {"job": trial, "state": state, "reason": reason, "entries": entries or []}
            while len(self._tried) > 100:
                self._tried.popitem(last=False)

    def _declare(self, facts: Mapping[str, Any]) -> Answer:
        if self._declared is None:
            return _no("no_file")
        keys = ("name", "model", "url", "window", "kiosk")
        words = {key: str(facts.get(key) or "") for key in keys}
        numbers = {key: int(facts.get(key) or 0) for key in ("baud", "address")}
        edit.add(self._declared.path, edit.NewDevice(**words, **numbers), self._declared.profiles)
        self._changed()
        return _yes()

    def _undeclare(self, facts: Mapping[str, Any]) -> Answer:
        if self._declared is None:
            return _no("no_file")
        edit.remove(self._declared.path, str(facts.get("name", "")), self._declared.profiles)
        self._changed()
        return _yes()

    def _spec(self, facts: Mapping[str, Any]) -> DeviceSpec:
        name = str(facts.get("device", ""))
        return {spec.name: spec for spec in self._host.hall.devices}[name]

    @staticmethod
    def _in_background(work: Callable[[], object], name: str) -> None:
        threading.Thread(target=work, name=name, daemon=True).start()


def _title(path: Path) -> str:
    try:
        return str(tomllib.loads(path.read_text("utf-8")).get("title", ""))
    except (OSError, tomllib.TOMLDecodeError):
        return ""


def _yes(**facts: Any) -> Answer:
    return {"ok": True, **facts}


def _no(reason: str, errors: list[str] | None = None) -> Answer:
    return {"ok": False, "reason": reason, "errors": (errors or [])[:50]}
