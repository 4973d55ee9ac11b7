"""The rooms that exist, whoever listens: what a process must address when others carry part of the
listeners."""

from __future__ import annotations

from collections.abc import Callable, Collection

from server.house import House
from server.live.faces import FACES
from server.live.hosts import DEVICES
from server.live.namespaces import ALL_ROOM, HOSTS
from server.store.devices import devices


def every_room(house: House) -> Callable[[str], Collection[str]]:
    """face -> its rooms: one for all, one per window of the hall, one per enrolled kiosk; the hosts' own."""

    def rooms(face: str) -> Collection[str]:
        if face == DEVICES:
            return (HOSTS,)
        key = FACES[face].key
        if key == "window":
            return house.hall.catalogue.windows.keys()
        if key == "kiosk":
            with house.store.read() as connection:
                return {d.kiosk for d in devices(connection, house.store.hall) if d.kiosk}
        return (ALL_ROOM,)

    return rooms
