"""the holder of a number may let others go first

Revision ID: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("leg", sa.Column("postpones", sa.Integer(), server_default=sa.text("0"), nullable=False))
