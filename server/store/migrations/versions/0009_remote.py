"""numbers taken by phone whose holder is not there yet; papers without a number

Revision ID: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
BEFORE = "'waiting', 'called', 'serving', 'held'"
NOW = f"'away', {BEFORE}"
STATES = ", 'done', 'no_show', 'transferred', 'cancelled', 'expired'"


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _reword("leg", f"CHECK (state IN ({BEFORE}{STATES}))", f"CHECK (state IN ({NOW}{STATES}))")
        _reword("slip", "ticket INTEGER NOT NULL", "ticket INTEGER")
    else:
        op.drop_constraint("ck_leg_state", "leg", type_="check")
        op.create_check_constraint("ck_leg_state", "leg", f"state IN ({NOW}{STATES})")
        op.alter_column("slip", "ticket", nullable=True)
    op.drop_index("uq_leg_open", "leg")
    only = sa.text(f"state IN ({NOW})")
    op.create_index("uq_leg_open", "leg", ["ticket"], unique=True, sqlite_where=only, postgresql_where=only)
    op.create_table(
        "remote",
        sa.Column("ticket", SERIAL, nullable=False),
        sa.Column("hall", sa.Text(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("due_at", MOMENT, nullable=True),
        sa.Column("arrived_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["ticket"], ["ticket.id"], name="fk_remote_ticket"),
        sa.PrimaryKeyConstraint("ticket", name="pk_remote"),
        sa.UniqueConstraint("hall", "day", "code", name="uq_remote_code"),
    )


def _reword(table: str, old: str, new: str) -> None:
    """Widen a constraint where SQLite stores it, as its manual says for changes that touch no row (ALTER TABLE, section 7):
    making the table anew would cost every row and break what refers to it."""
    bind = op.get_bind()
    where = {"table": table}
    sql = bind.execute(
        sa.text("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = :table"), where
    ).scalar_one()
    if sql.count(old) != 1:
        raise RuntimeError(f"{table}: {old!r} is not there once")
    version = bind.exec_driver_sql("PRAGMA schema_version").scalar_one()
    bind.exec_driver_sql("PRAGMA writable_schema = ON")
    said = sa.text("UPDATE sqlite_master SET sql = :sql WHERE type = 'table' AND name = :table")
    bind.execute(said, {**where, "sql": sql.replace(old, new)})
    bind.exec_driver_sql(f"PRAGMA schema_version = {version + 1}")
    bind.exec_driver_sql("PRAGMA writable_schema = OFF")
