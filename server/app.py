"""create_app(settings): joins the floors together. Wiring only, never a rule or a query."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC
from typing import Any

from apiflask import APIFlask
from flask_socketio import SocketIO

from server import clock as clock_module
from server.api import (
    accuracy,
    audit,
    boards,
    booking,
    booking_pages,
    brand,
    complaints,
    config,
    day,
    day_ahead,
    desk_more,
    devices,
    estimates,
    figures_page,
    guiding,
    hall,
    help,
    leaves,
    messages,
    metrics,
    my,
    nearby,
    orders,
    overbooked,
    placement,
    problems,
    ratings,
    remote,
    rosters,
    session,
    setup,
    slips,
    staff,
    state,
    tickets,
    today,
    upkeep,
    uploads,
    voice,
    what_if,
    windows,
    wiring,
)
from server.clock import Clock
from server.devices import printer_models
from server.domain.events import Event
from server.house import House
from server.keys import hall_key
from server.live.bench import BenchNamespace
from server.live.broadcast import client_manager
from server.live.faces import FACES
from server.live.guests import Guests
from server.live.hosts import DeviceDesk, HostNamespace
from server.live.namespaces import FaceNamespace, KioskNamespace
from server.live.publish import Listeners, Publisher
from server.live.rooms import every_room
from server.settings import Settings
from server.store.current import Current
from server.store.engine import open_engine
from server.store.marks import Marks, era_of
from server.store.setup import ensure_hall, migrate
from server.store.unit import Commit, Store
from server.text import Texts
from server.web import headers, kept_page, pages

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class App:
    """The wired server. `publisher` is not started: server/serve.py does, tests flush it by hand."""

    flask: APIFlask
    socketio: SocketIO
    house: House
    publisher: Publisher
    guests: Guests

    def listen(self, hear: Callable[[Sequence[Event]], None]) -> None:
        """Let `hear` know of the facts of every commit from now on; it must return at once."""
        publish = self.house.store.publish

        def told(commit: Commit) -> None:
            publish(commit)
            hear(commit.events)

        self.house.store.publish = told

    def sweep(self) -> int:
        """Drop the sockets of revoked devices and ended sessions; how many."""
        with self.flask.app_context():
            return self.guests.sweep(self.socketio)


def create_app(
    settings: Settings, clock: Clock = clock_module.now, steady: clock_module.Steady | None = None
) -> App:
    """Open and migrate the database, and join doors to verbs. steady: seconds to hold the clock against.
    Raises StorageUnsafe, SchemaTooNew."""
    engine = open_engine(settings.database)
    migrate(engine)
    ensure_hall(engine, settings.hall.id, clock().astimezone(UTC))
    marks = Marks(settings.data, alone=not settings.redis)
    store = Store(engine, settings.hall.id, clock, steady=steady, marks=marks)
    texts = Texts(settings.common / "text")
    models = printer_models(settings.common / "profiles")
    hall_now = replace(settings.hall, slips=replace(settings.hall.slips, models=models))
    current = Current(hall_now)
    store.keep_up = current.keep_up
    with store.read() as connection:
        era = era_of(connection, store.hall)
    house = House(settings, store, texts, store.clock, current, hall_key(settings.data), era)
    house.published()  # from the first request on

    app = APIFlask(
        "server",
        title="Wucha",
        json_errors=False,
        docs_path=None,
        spec_path="/api/openapi.json",
        static_folder=None,
    )
    app.config.update(MAX_CONTENT_LENGTH=64 * 1024, VALIDATION_ERROR_STATUS_CODE=422)
    app.extensions["wucha"] = house
    problems.register(app)
    headers.register(app)
    for door in (
        *(hall, tickets, windows, desk_more, help, ratings, my, estimates, accuracy, placement, slips),
        *(day, state, session, setup, devices, staff, what_if, booking, booking_pages, wiring, voice, pages),
        *(remote, audit, leaves, orders, boards, complaints, config, guiding, upkeep, today, brand),
        *(uploads, rosters, day_ahead, kept_page, nearby, overbooked, metrics, figures_page, messages),
    ):
        app.register_blueprint(door.bp)

    socketio = SocketIO()
    options: dict[str, Any] = {
        "async_mode": "threading",
        "client_manager": client_manager(settings.one_frame, settings.redis),
        "cors_allowed_origins": None,  # our own pages only: the Origin must be the Host
        "max_http_buffer_size": 64 * 1024,
        "ping_interval": 15,
        "ping_timeout": 20,
    }
    listeners = Listeners(every_room(house)) if settings.redis else Listeners()
    guests = Guests()
    desk = DeviceDesk(house, socketio, listeners)
    bench = BenchNamespace(house, socketio, guests)
    for face in FACES:
        kind = KioskNamespace if face == "kiosk" else FaceNamespace
        socketio.on_namespace(kind(face, house, listeners, guests))
    socketio.on_namespace(HostNamespace(house, bench.show, listeners, guests))
    socketio.on_namespace(bench)
    socketio.init_app(app, **options)

    def emit(event: str, data: dict[str, Any], namespace: str, rooms: list[str]) -> None:
        socketio.emit(event, data, namespace=namespace, to=rooms if len(rooms) > 1 else rooms[0])

    publisher = Publisher(store, current.hall, texts, emit, listeners, desk.on_events)
    store.publish = publisher.publish
    return App(app, socketio, house, publisher, guests)
