"""A clerk at a window over plain HTTP, for tests that look at other people's faces."""

from __future__ import annotations

import uuid
from typing import Any

import requests

from tests.e2e.town import Town

WORD = "an-honest-word-2026"


class Clerk:
    """Signed in and at an open window."""

    def __init__(self, town: Town, staff: str, window: str) -> None:
        self._web, self._url, self._window = requests.Session(), town.url, window
        facts = {"staff": staff, "password": town.staff[staff]["once_password"], "new_password": WORD}
        reply = self._web.post(
            f"{town.url}/api/session", json=facts, headers={"Origin": town.url}, timeout=10
        )
        assert reply.ok, reply.text
        self._csrf = reply.json()["csrf"]
        self.does("open")

    def does(self, deed: str, **facts: Any) -> Any:
        headers = {"X-Wucha-CSRF": self._csrf, "Origin": self._url}
        body = {"request_id": uuid.uuid4().hex, **facts}
        address = f"{self._url}/api/windows/{self._window}/{deed}"
        reply = self._web.post(address, json=body, headers=headers, timeout=10)
        assert reply.ok, reply.text
        return reply.json()

    def serves(self) -> None:
        """Whoever was called comes, and is done."""
        self.does("start")
        self.does("finish")
