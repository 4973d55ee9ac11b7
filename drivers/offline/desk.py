"""Gives numbers while the server is away, prints them, and hands them over when it is back.

Every step is on the disk before it has an effect: a number before its answer and its paper, what the
printer said before the server hears it. After a death in between, a number whose paper nobody saw come out
is `unsure`: it counts, and is printed again only when somebody asks for it."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from threading import RLock
from typing import Any, Final
from zoneinfo import ZoneInfo

from drivers.line.clock import Clock
from drivers.offline.book import ENDS, ORDINARY, Book, Given, NotGiven, filled
from drivers.offline.journal import Journal, JournalBroken, JournalInUse

log = logging.getLogger(__name__)
FILE: Final = "offline.jsonl"
JOB: Final = "offline-"
LONG: Final = 2000  # records, after which the file is begun anew
SAID: Final = {
    "sending": "sending",
    "confirmed": "printed",
    "sent": "unsure",
    "unsure": "unsure",
    "failed": "failed",
}
TOLD: Final = (
    *("request_id", "block", "seq", "service", "lang", "at", "link", "slip", "reason", "copies"),
    *("priority", "further"),
)
SEEN_S: Final = 60.0  # how often being in touch is written down while nothing else changes


class OfflineDesk:
    """`submit`: takes a print job. Safe for several threads."""

    def __init__(self, folder: Path, submit: Callable[[Mapping[str, Any]], None], clock: Clock) -> None:
        self._path, self._submit, self._clock = folder / FILE, submit, clock
        self._guard = RLock()
        self._book, self._length, self._written_at = Book(), 0, float("-inf")
        self._journal: Journal | None = None
        with self._guard:
            self._read()

    def _read(self) -> None:
        """Open the book. One that cannot be read is laid aside: the server misses its blocks and tells
        whoever runs the hall."""
        self._journal, self._book = None, Book()
        try:
            self._journal = self._opened()
        except (JournalInUse, OSError) as error:
            log.error("no numbers offline: %s", error)
            return
        self._length = len(self._journal.records)
        for one in self._book.unsettled():
            self._settle(one, "unsure", "host_restarted")

    def _opened(self) -> Journal:
        try:
            journal = Journal(self._path)
        except JournalBroken as error:
            self._lay_aside(error)
            return Journal(self._path)
        try:
            for record in journal.records:
                self._book.apply(record)
        except (KeyError, TypeError, ValueError) as error:
            journal.close()
            self._lay_aside(error)
            self._book = Book()
            return Journal(self._path)
        return journal

    def _lay_aside(self, error: Exception) -> None:
        aside = self._path.with_suffix(f".broken-{secrets.token_hex(4)}")
        log.error("the numbers given offline cannot be read, kept as %s: %r", aside.name, error)
        self._path.rename(aside)

    def close(self) -> None:
        """Let go of the file; nothing is written any more."""
        with self._guard:
            if self._journal is not None:
                self._journal.close()
                self._journal = None

    # --- what the kiosk's page asks

    @property
    def lending(self) -> Mapping[str, Any] | None:
        return self._book.lending

    def now(self) -> datetime:
        """The server's time as far as we know it."""
        return datetime.fromisoformat(self._clock.wall()) + timedelta(seconds=self._book.skew_s)

    def status(self, kiosk: str) -> dict[str, Any]:
        """{services: those that can be given now, why: code and facts when there are none}."""
        with self._guard:
            if self._journal is None:
                return {"services": [], "why": "offline", "facts": {}}
            services, no = self._book.open_services(kiosk, self.now())
        return {"services": services, "why": no.code if no else None, "facts": no.facts if no else {}}

    def give(
        self,
        kiosk: str,
        request_id: str,
        service: str,
        lang: str,
        priority: str = ORDINARY,
        further: Sequence[str] = (),
    ) -> dict[str, Any]:
        """The number of this request, the same one however often it is asked for. Raises NotGiven; code
        `offline` when the disk does not take it."""
        wish = {"priority": priority, "further": list(further)}
        with self._guard:
            known = self._book.of_request(request_id)
            if known is None:
                now = self.now()
                block, seq, number = self._book.next_number(kiosk, service, now)
                self._book.check_wish(kiosk, service, priority, list(further))
                link = secrets.token_urlsafe(16)
                at = now.isoformat(timespec="milliseconds")
                known = Given(request_id, block, kiosk, seq, number, service, lang, at, link, **wish)
                self._write({"given": asdict(known)})
                self._print(known)
            elif (known.kiosk, known.service, _wish(known)) != (kiosk, service, wish):
                raise NotGiven("request-id-conflict")
            return self._told(self._book.given[known.link])

    def slip(self, kiosk: str, link: str) -> dict[str, Any]:
        """How the paper of a number stands. Raises NotGiven."""
        with self._guard:
            return _slip(self._find(kiosk, link))

    def reprint(self, kiosk: str, link: str) -> dict[str, Any]:
        """补打: one more paper, marked and counted, while the last one is not under way. Raises NotGiven."""
        with self._guard:
            one, lending = self._find(kiosk, link), self._book.lending
            if lending is None or one.copies > lending["reprints"] or one.slip not in ENDS:
                raise NotGiven("reprints-spent")
            self._write({"slip": {"link": link, "slip": "sending", "reason": "", "copies": one.copies + 1}})
            self._print(self._book.given[link])
            return _slip(self._book.given[link])

    def _find(self, kiosk: str, link: str) -> Given:
        found = self._book.given.get(link)
        if found is None or found.kiosk != kiosk:
            raise NotGiven("ticket-unknown")
        return found

    def _told(self, one: Given) -> dict[str, Any]:
        """The number as the page shows the server's own."""
        lending = self._book.lending or {}
        item, *further = (lending.get("services", {}).get(s, {}) for s in (one.service, *one.further))
        queue = lending.get("queues", {}).get(item.get("queue"), {})
        ticket = {
            "id": 0,
            "number": one.number,
            "queue": item.get("queue", ""),
            "queue_name": queue.get("name", ""),
            "queue_name_en": queue.get("name_en", ""),
            "estimate": None,
            "service": _named(one.service, item),
            "further": [_named(s, known) for s, known in zip(one.further, further, strict=True)],
            "state": "waiting",
            "ahead": None,
            "taken_at": one.at,
            "link": one.link,
            "url": f"{lending.get('tickets', '')}{one.link}",
            "windows": queue.get("windows", []),
        }
        return {"ticket": ticket, "slip": _slip(one), "existing": False, "offline": True}

    def _print(self, one: Given) -> None:
        assert self._book.lending is not None
        lending, again = self._book.lending, one.copies > 1
        item = lending["services"][one.service]
        chosen = item["papers"][one.kiosk]
        at = datetime.fromisoformat(one.at).astimezone(ZoneInfo(lending["zone"]))
        words = {
            **chosen["words"][one.lang],
            "number": one.number,
            "taken_at": f"{at:%Y-%m-%d %H:%M}",
            "url": f"{lending['tickets']}{one.link}",
            "copy": str(one.copies - 1),
            "further": "、".join(lending["services"].get(s, {}).get("name", s) for s in one.further),
            "further_en": ", ".join(lending["services"].get(s, {}).get("name_en", s) for s in one.further),
        }
        form = f"{one.lang}{'+' if again else ''}{'&' if one.further else ''}"
        parts = filled(lending["papers"][chosen["paper"]][form], words)
        job = {
            "id": f"{JOB}{one.link}-{one.copies}",
            "kind": "print_slip",
            "kiosk": one.kiosk,
            "parts": parts,
        }
        self._submit({**job, "copy": one.copies - 1, "deadline_s": 30.0})

    # --- what the printer says

    def heard(self, facts: Mapping[str, Any]) -> bool:
        """A result of one of our jobs; False for any other."""
        job = str(facts["job"])
        if not job.startswith(JOB):
            return False
        link, _, copy = job.removeprefix(JOB).rpartition("-")
        with self._guard:
            one = self._book.given.get(link)
            if one is not None and copy == str(one.copies) and one.slip not in ENDS:
                self._settle(one, SAID[facts["state"]], str(facts.get("reason", "")))
        return True

    def _settle(self, one: Given, state: str, reason: str) -> None:
        record = {"link": one.link, "slip": state, "reason": reason, "copies": one.copies}
        try:
            self._write({"slip": record})
        except NotGiven:
            log.warning("not written down: paper of %s is %s", one.number, state)

    # --- what the server is told and says

    def owed(self, most: int = 20) -> list[dict[str, Any]]:
        """Numbers it has not heard of, oldest first."""
        with self._guard:
            return [{key: getattr(one, key) for key in TOLD} for one in self._book.owed()[:most]]

    def handed(self, links: Collection[str]) -> None:
        with self._guard:
            mine = [link for link in links if link in self._book.given and not self._book.given[link].handed]
            if mine and self._journal is not None:
                self._write({"handed": mine})

    def held(self) -> dict[str, int]:
        with self._guard:
            return {str(block): seq for block, seq in self._book.held().items()}

    def lend(self, lending: Mapping[str, Any] | None) -> bool:
        """Take in what the server lends now; True when there are blocks it should hear that we have."""
        with self._guard:
            if self._journal is None:
                self._read()
            before, now = self._book.lending, self._clock.now()
            if self._journal is None or (lending is None and before is None):
                return False
            if _same(before, lending) and now - self._written_at < SEEN_S:
                return False
            skew_s = 0.0
            if lending is not None:
                skew = datetime.fromisoformat(lending["at"]) - datetime.fromisoformat(self._clock.wall())
                skew_s = skew.total_seconds()
            known = self._book.held()
            self._write({"lent": lending, "skew_s": skew_s})
            self._written_at = now
            return bool(self._book.held().keys() - known.keys())

    # --- disk

    def _write(self, record: Mapping[str, Any]) -> None:
        """On the disk, then in the book. Raises NotGiven when the disk would not take it."""
        if self._journal is None:
            raise NotGiven("offline")
        try:
            self._journal.append(record)
            self._book.apply(record)
            self._length += 1
            if self._length > LONG:
                self._journal.rewrite(self._book.records())
                self._length = sum(1 for _ in self._book.records())
        except OSError as error:
            log.error("no numbers offline, the disk does not take them: %s", error)
            self._journal.close()  # what a failed sync left behind is not trusted: it is read again
            self._journal = None
            raise NotGiven("offline") from error


def _wish(one: Given) -> dict[str, Any]:
    return {"priority": one.priority, "further": one.further}


def _named(id: str, item: Mapping[str, Any]) -> dict[str, str]:
    return {"id": id, "name": item.get("name", ""), "name_en": item.get("name_en", "")}


def _slip(one: Given) -> dict[str, Any]:
    return {"id": 0, "ticket": 0, "state": one.slip or "queued", "copy": one.copies, "reason": one.reason}


def _same(before: Mapping[str, Any] | None, now: Mapping[str, Any] | None) -> bool:
    """Does it say the same but for the time, and for the numbers we have given ourselves?"""
    if before is None or now is None:
        return before is now

    def lasting(lending: Mapping[str, Any]) -> dict[str, Any]:
        blocks = [block["id"] for block in lending["blocks"]]
        return {**lending, "at": "", "until": "", "blocks": blocks}

    return lasting(before) == lasting(now)
