"""Which device host has a machine."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    with op.batch_alter_table("health") as table:
        table.add_column(sa.Column("host", sa.Text(), nullable=False, server_default=sa.text("''")))
