"""a complaint may be looked at again by somebody else

Revision ID: 0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("complaint", sa.Column("review_of", SERIAL, nullable=True))
    op.add_column("complaint", sa.Column("first_by", sa.Text(), nullable=True))
