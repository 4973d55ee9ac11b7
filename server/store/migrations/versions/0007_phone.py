"""the holder of a number may let others go first, and complain

Revision ID: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "complaint",
        sa.Column("id", SERIAL, autoincrement=True, nullable=False),
        sa.Column("hall", sa.Text(), nullable=False),
        sa.Column("ticket", SERIAL, nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("window", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("answered_by", sa.Text(), nullable=True),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.CheckConstraint(
            "state IN ('received', 'working', 'answered', 'declined')", name="ck_complaint_state"
        ),
        sa.ForeignKeyConstraint(["ticket"], ["ticket.id"], name="fk_complaint_ticket"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_complaint_ticket", "complaint", ["hall", "ticket"])
    op.add_column("leg", sa.Column("postpones", sa.Integer(), server_default=sa.text("0"), nullable=False))
