"""A page with an open socket, for tests: it applies every message as the faces do."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from flask_socketio import SocketIOTestClient

from server.api.access import CSRF_HEADER
from server.app import App
from tests.server.callers import Caller
from tests.server.test_push import apply


@dataclass
class Listener:
    """One socket in one namespace. `state` is what its page shows, `events` what it played."""

    app: App
    who: Caller
    namespace: str
    socket: SocketIOTestClient
    state: dict[str, Any] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)

    @property
    def admitted(self) -> bool:
        return bool(self.socket.is_connected(self.namespace))

    def received(self) -> list[tuple[str, Any]]:
        """(message, body) since the last look."""
        if not self.admitted:
            return []
        return [(m["name"], m["args"][0]) for m in self.socket.get_received(self.namespace)]

    def listen(self) -> list[str]:
        """Apply what came; the names of the messages."""
        names = []
        for name, body in self.received():
            names.append(name)
            if name == "snapshot":
                self.state = {key: body[key] for key in ("revision", "rows", "values")}
            elif name == "changes" and body["revision"] > self.state["revision"]:
                self.state = apply(self.state, body)
                self.events += body["events"]
        return names

    def hear(self) -> list[str]:
        """Let the server push what was committed, then listen."""
        self.app.publisher.flush()
        return self.listen()

    def fresh(self, query: str = "") -> dict[str, Any]:
        """The same picture over plain HTTP."""
        reply = self.who.ask("GET", f"/api/state{self.namespace}{query}")
        assert reply.status_code == 200, reply.json
        return {key: reply.json[key] for key in ("revision", "rows", "values")}

    def resync(self) -> list[str]:
        self.socket.emit("resync", namespace=self.namespace)
        return self.listen()

    def leave(self) -> None:
        self.socket.disconnect(self.namespace)


def knock(
    app: App, who: Caller, namespace: str, auth: Any = "own", origin: str | None = None, **more: Any
) -> Listener:
    """Try to listen at `namespace`, as a device with its key or a person with cookie and CSRF token."""
    if auth == "own":
        csrf = who.headers.get(CSRF_HEADER)
        auth = {"csrf": csrf, **more} if csrf else {"key": who.secret, **more}
    headers = {"Origin": origin} if origin else None
    socket = SocketIOTestClient(
        app.flask, app.socketio, namespace, headers=headers, auth=auth, flask_test_client=who.client
    )
    made = Listener(app, who, namespace, socket)
    if namespace != "/devices":
        made.listen()
    return made
