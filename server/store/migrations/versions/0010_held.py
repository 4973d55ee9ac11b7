"""since when a ticket is set aside

Revision ID: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("leg", sa.Column("held_at", sa.DateTime(timezone=True), nullable=True))
