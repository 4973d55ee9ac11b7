"""when a paused window goes on

Revision ID: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("post", sa.Column("back_at", sa.DateTime(timezone=True), nullable=True))
