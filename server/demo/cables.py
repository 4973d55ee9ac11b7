"""Cables pulled, paper that runs out: a bad day of virtual machines, each mended after a while."""

from __future__ import annotations

import logging
from collections.abc import Callable
from random import Random
from threading import Event, Thread
from typing import Any

import socketio
from socketio.exceptions import SocketIOError

log = logging.getLogger(__name__)

EVERY_S, LASTS_S = (4.0, 12.0), (5.0, 10.0)
TROUBLES = {  # what the bench calls a machine -> (what goes wrong, how it is mended)
    "escpos": (({"act": "unplug"}, {"act": "replug"}),
               ({"act": "fault", "fault": "paper_out"}, {"act": "refill"})),
    "onbon_bxk": (({"act": "unplug"}, {"act": "replug"}),),
    "keypad_ff68": (({"act": "unplug"}, {"act": "replug"}),),
    "keypad_polled": (({"act": "unplug"}, {"act": "replug"}),),
    "modbus_led": (({"act": "unplug"}, {"act": "replug"}),),
    "apertum_board": (({"act": "unplug"}, {"act": "replug"}),),
    "apertum_box": (({"act": "unplug"}, {"act": "replug"}),),
}  # fmt: skip


class Cables:
    """A hand at the bench, on a thread of its own until `stop`."""

    def __init__(
        self, url: str, headers: dict[str, str], csrf: str, rng: Random, say: Callable[[str], None]
    ) -> None:
        self._url, self._headers, self._csrf, self._rng, self._say = url, headers, csrf, rng, say
        self._stop = Event()
        self._models: dict[str, str] = {}
        self._client = socketio.Client(logger=False, engineio_logger=False)
        self._client.on("snapshot", self._on_picture, namespace="/bench")
        self._client.on("changes", self._on_picture, namespace="/bench")
        self._thread = Thread(target=self._run, name="cables", daemon=True)
        self.pulled = 0

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Returns when everything is mended."""
        self._stop.set()
        self._thread.join(LASTS_S[1] + 5)

    def _on_picture(self, picture: dict[str, Any]) -> None:
        for name, model in picture["rows"].get("devices", {}).items():
            if model:
                self._models[name] = str(model.get("model", ""))

    def _run(self) -> None:
        try:
            self._client.connect(
                self._url,
                headers={"Cookie": self._headers["Cookie"]},
                auth={"csrf": self._csrf},
                namespaces=["/bench"],
                transports=["websocket"],
            )
            while not self._stop.wait(self._rng.uniform(*EVERY_S)):
                self._one()
            self._client.disconnect()
        except SocketIOError as error:
            log.warning("bench: %s", error)

    def _one(self) -> None:
        able = sorted(name for name, model in self._models.items() if model in TROUBLES)
        if not able:
            return
        name = self._rng.choice(able)
        wrong, mend = self._rng.choice(TROUBLES[self._models[name]])
        self._say(f"  {name}: {wrong.get('fault', wrong['act'])}")
        self._client.call("act", {"device": name, **wrong}, namespace="/bench")
        self.pulled += 1
        self._stop.wait(self._rng.uniform(*LASTS_S))
        self._client.call("act", {"device": name, **mend}, namespace="/bench")
