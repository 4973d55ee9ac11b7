"""a complaint has an owner and limits, and a bad rating opens one

Revision ID: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column(
        "complaint", sa.Column("source", sa.Text(), server_default=sa.text("'words'"), nullable=False)
    )
    op.add_column("complaint", sa.Column("leg", SERIAL, nullable=True))
    op.add_column("complaint", sa.Column("about", sa.Text(), nullable=True))
    op.add_column("complaint", sa.Column("owner", sa.Text(), nullable=True))
    op.add_column("complaint", sa.Column("contact_due", MOMENT, nullable=True))
    op.add_column("complaint", sa.Column("answer_due", MOMENT, nullable=True))
    op.add_column("complaint", sa.Column("contacted_at", MOMENT, nullable=True))
    op.add_column("complaint", sa.Column("extended", sa.Text(), server_default=sa.text("''"), nullable=False))
    op.create_index("ix_complaint_state", "complaint", ["hall", "state"])
