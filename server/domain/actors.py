"""Who acts: a member of staff, a device, a citizen with a link, or the system itself."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Actor:
    """`kind`: staff | device | citizen | system. `role`: a staff role, a device kind, or the kind again.

    `id` is a person's number, a device's id or a ticket's id; `proof` names the session or key row that must
    still hold when the act is committed. `window`/`kiosk`: what a device is bound to.
    """

    kind: str
    id: str
    role: str
    proof: str = ""
    window: str | None = None
    kiosk: str | None = None

    @property
    def client(self) -> str:
        """The scope of this caller's request ids."""
        return f"{self.kind}:{self.id}"


SYSTEM = Actor("system", "wucha", "system")
