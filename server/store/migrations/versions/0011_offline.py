"""blocks of numbers that a kiosk's host gives while the server cannot be reached

Revision ID: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "block",
        sa.Column("id", SERIAL, autoincrement=True, nullable=False),
        sa.Column("hall", sa.Text(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("kiosk", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("first", sa.Integer(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("lent_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.CheckConstraint("state IN ('lent', 'held', 'returned', 'lost')", name="ck_block_state"),
        sa.CheckConstraint("first <= last", name="ck_block_range"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("hall", "day", "prefix", "first", name="uq_block_first"),
    )
    op.add_column("series", sa.Column("lent_from", sa.Integer(), nullable=True))
