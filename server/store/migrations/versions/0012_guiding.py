"""guides help and are asked; a PIN behind the kiosks' faces

Revision ID: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "aid",
        sa.Column("id", SERIAL, autoincrement=True, nullable=False),
        sa.Column("hall", sa.Text(), nullable=False),
        sa.Column("day", sa.Text(), nullable=True),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("kiosk", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("helper", sa.Text(), nullable=True),
        sa.Column("taken_at", MOMENT, nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.CheckConstraint("state IN ('open', 'taken', 'done', 'cancelled')", name="ck_aid_state"),
        sa.CheckConstraint("state NOT IN ('taken', 'done') OR helper IS NOT NULL", name="ck_aid_helper"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_aid_day", "aid", ["hall", "day", "id"])
    op.create_table(
        "enquiry",
        sa.Column("id", SERIAL, autoincrement=True, nullable=False),
        sa.Column("hall", sa.Text(), nullable=False),
        sa.Column("day", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("service", sa.Text(), nullable=True),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("withdrawn_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_enquiry_day", "enquiry", ["hall", "day", "kind"])
    op.create_table(
        "kiosk_pin",
        sa.Column("hall", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.Column("set_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("hall", name="pk_kiosk_pin"),
    )
    op.create_table(
        "pin_try",
        sa.Column("hall", sa.Text(), nullable=False),
        sa.Column("kiosk", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("locked_until", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("hall", "kiosk", name="pk_pin_try"),
    )
