"""Alembic's environment: runs on the connection that server.store.setup hands over."""

from typing import Any

from alembic import context
from alembic.autogenerate.api import AutogenContext

from server.store.tables import UtcTime, metadata


def render(kind: str, thing: Any, _context: AutogenContext) -> str | bool:
    """Migrations name plain types, so that they never change with ours."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(thing, UtcTime) else False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    render_item=render,
)
context.run_migrations()
