"""numbers that a restored backup does not know, above which the series goes on

Revision ID: 0017
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("hall", sa.Column("era", sa.Text(), nullable=False, server_default=sa.text("''")))
    op.create_table(
        "gap",
        sa.Column("hall", sa.Text(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("first", sa.Integer(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("first <= last", name="ck_gap_range"),
        sa.PrimaryKeyConstraint("hall", "day", "prefix", "first", name="pk_gap"),
    )
