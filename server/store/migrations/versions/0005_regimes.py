"""leave, orders

Revision ID: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "leave",
        sa.Column("id", SERIAL, autoincrement=True, nullable=False),
        sa.Column("hall", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.Column("until", MOMENT, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", MOMENT, nullable=True),
        sa.Column("closed_at", MOMENT, nullable=True),
        sa.CheckConstraint(
            "state IN ('requested', 'approved', 'denied', 'cancelled', 'returned')", name="ck_leave_state"
        ),
        sa.CheckConstraint("since < until", name="ck_leave_span"),
        sa.CheckConstraint("decided_by IS NULL OR decided_by <> person", name="ck_leave_decided"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_leave_state", "leave", ["hall", "state", "person"])
    op.create_table(
        "service_order",
        sa.Column("id", SERIAL, autoincrement=True, nullable=False),
        sa.Column("hall", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("items", sa.Integer(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("at", MOMENT, nullable=True),
        sa.Column("until", MOMENT, nullable=True),
        sa.Column("window", sa.Text(), nullable=True),
        sa.Column("team", sa.JSON(), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("mandate", sa.Text(), nullable=True),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.CheckConstraint("kind IN ('visit', 'assist', 'batch')", name="ck_order_kind"),
        sa.CheckConstraint(
            "state IN ('requested', 'planned', 'checked_in', 'done', 'cancelled')", name="ck_order_state"
        ),
        sa.CheckConstraint("items >= 1", name="ck_order_items"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("hall", "code", name="uq_order_code"),
    )
    op.create_index("ix_order_state", "service_order", ["hall", "state", "id"])
    op.create_table(
        "order_step",
        sa.Column("id", SERIAL, autoincrement=True, nullable=False),
        sa.Column("order", SERIAL, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["order"], ["service_order.id"], name="fk_step_order"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_order_step", "order_step", ["order"])
    op.create_table(
        "order_ticket",
        sa.Column("ticket", SERIAL, nullable=False),
        sa.Column("order", SERIAL, nullable=False),
        sa.ForeignKeyConstraint(["ticket"], ["ticket.id"], name="fk_order_ticket"),
        sa.ForeignKeyConstraint(["order"], ["service_order.id"], name="fk_ticket_order"),
        sa.PrimaryKeyConstraint("ticket", name="pk_order_ticket"),
    )
    op.create_index("ix_order_ticket", "order_ticket", ["order"])
