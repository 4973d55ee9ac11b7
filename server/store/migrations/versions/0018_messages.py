"""a message to the hall needs no ticket: it is found by its own link

Revision ID: 0018
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
# SQLite makes the table anew for a column that may be empty; its check is not found by looking.
STATE = sa.CheckConstraint(
    "state IN ('received', 'working', 'answered', 'declined')", name="ck_complaint_state"
)


def upgrade() -> None:
    checks = (STATE,) if op.get_bind().dialect.name == "sqlite" else ()
    with op.batch_alter_table("complaint", table_args=checks) as table:
        table.alter_column("ticket", existing_type=SERIAL, nullable=True)
        table.add_column(sa.Column("link", sa.Text(), nullable=True))
    op.create_index("ux_complaint_link", "complaint", ["hall", "link"], unique=True)
