"""Who may do what: one table, deny by default. An act that is not here is nobody's; a caller that is not
in its row may not.

`python -c "from server.domain.access import printed; print(printed())"` prints it. The table says which
kind of caller; whose window or ticket it is (own) is decided by the act itself, from the object's row and
never from the request.
"""

from __future__ import annotations

from urllib.parse import urlsplit

CLERK, BACK_CLERK, GUIDE, DUTY_LEADER = "clerk", "back_clerk", "guide", "duty_leader"
SUPERVISOR, MANAGER, CHIEF, ADMIN = "supervisor", "manager", "chief_representative", "admin"
KIOSK, PAD, BOARD, WINDOW_SCREEN, HOST = "kiosk", "pad", "board", "window_screen", "host"
CITIZEN = "citizen"

STAFF = (CLERK, BACK_CLERK, GUIDE, DUTY_LEADER, SUPERVISOR, MANAGER, CHIEF, ADMIN)
DEVICES = (KIOSK, PAD, BOARD, WINDOW_SCREEN, HOST)
CALLERS = (*DEVICES, CITIZEN, *STAFF)

AT_DESK = (CLERK, BACK_CLERK, DUTY_LEADER)  # may sit at a window they are rostered for
BESIDE_CITIZEN = (*AT_DESK, GUIDE)

MATRIX: dict[str, frozenset[str]] = {
    act: frozenset(callers)
    for act, callers in {
        "ticket.take": (KIOSK, *BESIDE_CITIZEN),
        "ticket.reprint": (KIOSK, *BESIDE_CITIZEN),
        "ticket.find": BESIDE_CITIZEN,
        "ticket.arrive": BESIDE_CITIZEN,
        "presence.show": (KIOSK,),
        "ticket.priority": BESIDE_CITIZEN,
        "ticket.release": (DUTY_LEADER, MANAGER),
        "ticket.see-own": (KIOSK, CITIZEN, *BESIDE_CITIZEN, MANAGER, SUPERVISOR),
        "ticket.cancel-own": (CITIZEN,),
        "window.open": AT_DESK,
        "window.close": AT_DESK,
        "window.pause": AT_DESK,
        "window.call": AT_DESK,
        "window.serve": AT_DESK,
        "window.transfer": AT_DESK,
        "window.call-choice": AT_DESK,
        "window.correct": AT_DESK,
        "window.emergency": AT_DESK,
        "post.see-asked": AT_DESK,
        "emergency.answer": (DUTY_LEADER, MANAGER),
        "alarm.answer": (DUTY_LEADER, MANAGER),
        "tidal.decide": (DUTY_LEADER, MANAGER),
        "rating.give": (PAD, CITIZEN),  # staff never
        "hall.watch": (BOARD, *STAFF),
        "window.watch": (WINDOW_SCREEN,),
        "kiosk.watch": (KIOSK,),
        "pad.watch": (PAD,),
        "desk.watch": AT_DESK,
        "queue.watch": (KIOSK, PAD, BOARD, WINDOW_SCREEN, *STAFF),
        "manager.watch": (DUTY_LEADER, MANAGER, SUPERVISOR),
        "day.open": (DUTY_LEADER, MANAGER),
        "day.close": (DUTY_LEADER, MANAGER),
        "day.amend": (MANAGER,),  # what a closed day was sealed as
        "placement.see": (DUTY_LEADER, MANAGER, SUPERVISOR),
        "placement.publish": (MANAGER,),
        "config.see": (DUTY_LEADER, MANAGER, SUPERVISOR, CHIEF, ADMIN),  # CHIEF: what is theirs to edit
        "config.edit": (MANAGER, CHIEF, ADMIN),  # which area, whose items: domain/configuration.py
        "upload.make": (MANAGER, ADMIN),
        "slips.see": (DUTY_LEADER, MANAGER, SUPERVISOR),
        "slips.publish": (MANAGER,),
        "slips.roll": (GUIDE, DUTY_LEADER, MANAGER),
        "slips.seen": (GUIDE, DUTY_LEADER, MANAGER),
        "slips.notice": BESIDE_CITIZEN,
        "slips.guide": (KIOSK,),
        "brand.publish": (MANAGER,),
        "voice.see": (DUTY_LEADER, MANAGER, SUPERVISOR),
        "voice.record": (MANAGER,),
        "device.enrol": (MANAGER, ADMIN),
        "device.list": (MANAGER, ADMIN, SUPERVISOR),
        "device.revoke": (MANAGER, ADMIN),
        "device.inspect": (MANAGER, ADMIN),  # lines, and the bytes on them
        "device.test": (MANAGER, ADMIN),
        "device.declare": (MANAGER, ADMIN),
        "staff.list": (MANAGER, ADMIN, SUPERVISOR),
        "staff.reset": (ADMIN,),  # who resets passwords could sign in as anybody
        "host.serve": (HOST,),
        "bench.use": (MANAGER, ADMIN),
        "audit.read": (SUPERVISOR, MANAGER),
        "what-if.ask": (DUTY_LEADER, MANAGER),
        "accuracy.see": (DUTY_LEADER, MANAGER, SUPERVISOR),
        "appointment.book": (*BESIDE_CITIZEN, MANAGER),
        "appointment.rearrange": (DUTY_LEADER, MANAGER),
        "appointment.check-in": (KIOSK, *BESIDE_CITIZEN),
        "leave.ask": (*BESIDE_CITIZEN, MANAGER),
        "leave.decide": (DUTY_LEADER, MANAGER),
        "complaint.see": (MANAGER, SUPERVISOR),
        "complaint.answer": (MANAGER, SUPERVISOR),
        "order.see": (*BESIDE_CITIZEN, MANAGER, SUPERVISOR),  # never who the client is
        "order.make": BESIDE_CITIZEN,
        "order.plan": (GUIDE, DUTY_LEADER, MANAGER),
        "order.serve": BESIDE_CITIZEN,  # the team of the order only
        "guide.watch": BESIDE_CITIZEN,
        "guiding.see": (*BESIDE_CITIZEN, MANAGER, SUPERVISOR),
        "aid.ask": (KIOSK, *BESIDE_CITIZEN),
        "aid.help": BESIDE_CITIZEN,
        "enquiry.register": BESIDE_CITIZEN,
        "kiosk.upkeep": (KIOSK,),  # with the PIN only
        "kiosk.pin": (MANAGER, ADMIN),
    }.items()
}

# The demo hall holds no real citizen: one person may look at all of it.
DEMO_TOO: dict[str, frozenset[str]] = {
    "bench.use": frozenset({DUTY_LEADER}),
    "manager.watch": frozenset({ADMIN}),
}

# Who listens where: Socket.IO namespace -> the act a listener must be allowed.
LISTENING: dict[str, str] = {
    "/hall": "hall.watch",
    "/window": "window.watch",
    "/kiosk": "kiosk.watch",
    "/pad": "pad.watch",
    "/clerk": "desk.watch",
    "/guide": "guide.watch",
    "/manager": "manager.watch",
    "/devices": "host.serve",
    "/bench": "bench.use",
}


def may(role: str, act: str, demo: bool = False) -> bool:
    """May a caller of `role` (a staff role, a device kind or "citizen") do `act`? Unknown words are a no."""
    return role in MATRIX.get(act, ()) or (demo and role in DEMO_TOO.get(act, ()))


def is_own_origin(origin: str | None, host: str, base_url: str) -> bool:
    """Does `origin` (the header) name our own pages: the host of this request, or of the hall's public
    address?

    None (no browser, or an old one on a plain GET) is ours: the caller still has to show a key or the
    CSRF token. "null", another scheme, port or host is foreign. The scheme is not compared, since a proxy
    may end TLS before us.
    """
    if origin is None:
        return True
    try:
        parts = urlsplit(origin)
        own = {host.lower(), urlsplit(base_url).netloc.lower()}
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and parts.netloc.lower() in own - {""}


def printed() -> str:
    """The table as lines: act, then one column per caller."""
    wide = max(map(len, MATRIX))
    head = " ".join([" " * wide, *CALLERS])
    lines = [
        " ".join(
            [act.ljust(wide)]
            + [
                ("yes" if may(c, act) else "demo" if may(c, act, True) else "-").ljust(len(c))
                for c in CALLERS
            ]
        ).rstrip()
        for act in MATRIX
    ]
    return "\n".join([head, *lines])
