"""printing: published slip templates, other papers, the paper roll

Revision ID: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("hall", sa.Column("slips", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.add_column("slip", sa.Column("paper", sa.Text(), server_default=sa.text("'ticket'"), nullable=False))
    op.create_table(
        "slip_book",
        sa.Column("hall", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rolled_back_to", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("hall", "version", name="pk_slip_book"),
    )
    op.create_table(
        "roll",
        sa.Column("hall", sa.Text(), nullable=False),
        sa.Column("kiosk", sa.Text(), nullable=False),
        sa.Column("used_mm", sa.Integer(), nullable=False),
        sa.Column("slips", sa.Integer(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("hall", "kiosk", name="pk_roll"),
    )


def downgrade() -> None:
    op.drop_table("roll")
    op.drop_table("slip_book")
    op.drop_column("slip", "paper")
    op.drop_column("hall", "slips")
