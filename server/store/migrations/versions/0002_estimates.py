"""estimates: what posts did, and on which occasion a promise was made

Revision ID: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "post_change",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("hall", sa.Text(), nullable=False),
        sa.Column("window", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('closed', 'open', 'paused')", name="ck_post_change_state"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_post_change_at", "post_change", ["hall", "at"], unique=False)
    with op.batch_alter_table("promise") as batch:
        batch.add_column(sa.Column("occasion", sa.Text(), server_default=sa.text("'taken'"), nullable=False))
