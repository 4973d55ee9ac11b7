"""The schema as SQLAlchemy Core tables. Constraints are the last word: two code paths cannot disagree (D5).

Every constraint has a name, so that Alembic can change it on both engines. Times are UTC (`UtcTime`).
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.types import TypeDecorator


class UtcTime(TypeDecorator[datetime]):
    """Aware UTC datetimes on both engines; SQLite, which has no zones, stores them naive."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value if value is None or dialect.name != "sqlite" else _naive(value)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


@lru_cache(maxsize=256)  # one act writes its one moment into a dozen columns
def _naive(value: datetime) -> datetime:
    return value.astimezone(UTC).replace(tzinfo=None)


metadata = MetaData()
Serial = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers only INTEGER PRIMARY KEY by itself


def _one_of(column: str, *values: str) -> str:
    return f"{column} IN ({', '.join(repr(v) for v in values)})"


# One row per hall: the revision of its last commit, the clamp for its clock, the head of its audit chain.
hall = Table(
    "hall",
    metadata,
    Column("id", Text, nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("last_at", UtcTime, nullable=False),
    Column("audit_seq", BigInteger, nullable=False),
    Column("audit_hash", Text, nullable=False),
    Column("day", Text),  # the business day that is open or closing
    Column("protected_run", Integer, nullable=False, server_default=text("0")),
    Column("placement", Integer, nullable=False, server_default=text("0")),  # the published version
    Column("rules", Integer, nullable=False, server_default=text("0")),  # the version in force
    Column("slips", Integer, nullable=False, server_default=text("0")),  # the published templates in force
    # how often something configured came into force
    Column("config", Integer, nullable=False, server_default=text("0")),
    # anew with each restore: ids of rows that came after the backup come again, and mean something else
    Column("era", Text, nullable=False, server_default=text("''")),
    PrimaryKeyConstraint("id", name="pk_hall"),
)

day = Table(
    "day",
    metadata,
    Column("hall", Text, nullable=False),
    Column("day", Text, nullable=False),  # ISO date in the hall's zone; a row, never today()
    Column("state", Text, nullable=False),
    Column("by_hand", Boolean, nullable=False),  # opened by a person: the calendar's hours do not stop it
    Column("opened_at", UtcTime, nullable=False),
    Column("closed_at", UtcTime),
    Column("provisional", Boolean, nullable=False, server_default=text("false")),  # no official calendar
    Column("sums", JSON(none_as_null=True)),  # sealed when the day is closed
    PrimaryKeyConstraint("hall", "day", name="pk_day"),
    CheckConstraint(_one_of("state", "planned", "open", "closing", "closed"), name="ck_day_state"),
)

series = Table(
    "series",
    metadata,
    Column("hall", Text, nullable=False),
    Column("day", Text, nullable=False),
    Column("prefix", Text, nullable=False),
    Column("last", Integer, nullable=False),
    Column("lent_from", Integer),  # from here on the numbers are lent in blocks: the series ends before it
    PrimaryKeyConstraint("hall", "day", "prefix", name="pk_series"),
    CheckConstraint("last >= 0", name="ck_series_last"),
)

# Numbers that people may hold and the hall does not know of, since a backup was restored (F19): the series
# goes on above them.
gap = Table(
    "gap",
    metadata,
    Column("hall", Text, nullable=False),
    Column("day", Text, nullable=False),
    Column("prefix", Text, nullable=False),
    Column("first", Integer, nullable=False),
    Column("last", Integer, nullable=False),
    Column("found_at", UtcTime, nullable=False),
    PrimaryKeyConstraint("hall", "day", "prefix", "first", name="pk_gap"),
    CheckConstraint("first <= last", name="ck_gap_range"),
)

# Numbers lent to a kiosk's device host, which gives them while the server cannot be reached (F36).
block = Table(
    "block",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("hall", Text, nullable=False),
    Column("day", Text, nullable=False),
    Column("prefix", Text, nullable=False),
    Column("kiosk", Text, nullable=False),
    Column("host", Text, nullable=False),
    Column("first", Integer, nullable=False),
    Column("last", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("lent_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime),
    CheckConstraint(_one_of("state", "lent", "held", "returned", "lost"), name="ck_block_state"),
    CheckConstraint("first <= last", name="ck_block_range"),
    UniqueConstraint("hall", "day", "prefix", "first", name="uq_block_first"),
)

ticket = Table(
    "ticket",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("hall", Text, nullable=False),
    Column("day", Text, nullable=False),
    Column("prefix", Text, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("number", Text, nullable=False),
    Column("service", Text, nullable=False),
    Column("priority", Text, nullable=False),
    Column("taken_at", UtcTime, nullable=False),
    Column("channel", Text, nullable=False),  # kiosk:K1, offline:K1, staff:ZW001, citizen
    Column("link", Text, nullable=False),
    Column("lang", Text, nullable=False),
    Column("person", Text),  # keyed hash of an identity or phone number, never the number itself
    UniqueConstraint("hall", "day", "prefix", "seq", name="uq_ticket_number"),
    UniqueConstraint("link", name="uq_ticket_link"),
)

leg = Table(
    "leg",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("hall", Text, nullable=False),
    Column("day", Text, nullable=False),
    Column("ticket", Serial, ForeignKey("ticket.id", name="fk_leg_ticket"), nullable=False),
    Column("ordinal", Integer, nullable=False),
    Column("number", Text, nullable=False),
    Column("service", Text, nullable=False),
    Column("queue", Text, nullable=False),
    Column("priority", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("joined_at", UtcTime, nullable=False),
    Column("origin_at", UtcTime, nullable=False),
    Column("called_at", UtcTime),
    Column("started_at", UtcTime),
    Column("ended_at", UtcTime),
    Column("window", Text),
    Column("clerk", Text),
    Column("target_window", Text),
    Column("from_window", Text),
    Column("calls", Integer, nullable=False),
    Column("returns", Integer, nullable=False),
    Column("outcome", Text),
    Column("note", Text, nullable=False),
    Column("rule", Text, nullable=False),
    Column("waited_min", Integer, nullable=False),
    Column("served_s", Integer),
    Column("first_window", Text),
    Column("rules", Integer, nullable=False, server_default=text("0")),
    Column("target_clerk", Text),
    Column("back_to", Text),
    Column("came_back", Boolean, nullable=False, server_default=text("false")),
    Column("superseded", Boolean, nullable=False, server_default=text("false")),
    Column("postpones", Integer, nullable=False, server_default=text("0")),
    Column("held_at", UtcTime),
    UniqueConstraint("ticket", "ordinal", name="uq_leg_ordinal"),
    CheckConstraint(
        _one_of(
            "state",
            *("away", "waiting", "called", "serving", "held", "done"),
            *("no_show", "transferred", "cancelled", "expired"),
        ),
        name="ck_leg_state",
    ),
    CheckConstraint("state NOT IN ('called', 'serving') OR \"window\" IS NOT NULL", name="ck_leg_window"),
    CheckConstraint(
        "joined_at <= COALESCE(called_at, joined_at) AND COALESCE(called_at, joined_at) <= "
        "COALESCE(started_at, called_at, joined_at)",
        name="ck_leg_times",
    ),
)
AT_WINDOW = text("state IN ('called', 'serving')")
_OPEN = text("state IN ('away', 'waiting', 'called', 'serving', 'held')")
# Queries that want these indexes must repeat their conditions word by word.
# I6: a window has at most one called or serving leg; I5: a ticket at most one open leg.
Index(
    "uq_leg_window",
    leg.c.hall,
    leg.c.window,
    unique=True,
    sqlite_where=AT_WINDOW,
    postgresql_where=AT_WINDOW,
)
Index("uq_leg_open", leg.c.ticket, unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN)
Index(
    "ix_leg_line",
    leg.c.hall,
    leg.c.day,
    leg.c.state,
    leg.c.queue,
    leg.c.service,
    leg.c.priority,
    leg.c.origin_at,
    leg.c.target_window,  # so that the heads of the lines are found without reading the legs
    leg.c.target_clerk,
    leg.c.superseded,
)
_TARGETED = text("target_window IS NOT NULL")
Index(
    "ix_leg_target",
    leg.c.hall,
    leg.c.day,
    leg.c.target_window,
    sqlite_where=_TARGETED,
    postgresql_where=_TARGETED,
)

_FOR_PERSON = text("target_clerk IS NOT NULL")
Index(
    "ix_leg_person",
    leg.c.hall,
    leg.c.day,
    leg.c.target_clerk,
    sqlite_where=_FOR_PERSON,
    postgresql_where=_FOR_PERSON,
)

Index("ix_leg_window", leg.c.hall, leg.c.day, leg.c.window, leg.c.state)

# Every announcement. The id is the order of the day's calls and names the voice file.
call = Table(
    "call",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("hall", Text, nullable=False),
    Column("day", Text, nullable=False),
    Column("leg", Serial, ForeignKey("leg.id", name="fk_call_leg"), nullable=False),
    Column("number", Text, nullable=False),
    Column("window", Text, nullable=False),
    Column("n", Integer, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("taken_back", Boolean, nullable=False, server_default=text("false")),
)
Index("ix_call_day", call.c.hall, call.c.day, call.c.id)

post = Table(
    "post",
    metadata,
    Column("hall", Text, nullable=False),
    Column("window", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("clerk", Text),
    Column("session", Text),
    Column("since", UtcTime, nullable=False),
    Column("pause_reason", Text),
    Column("back_at", UtcTime),
    PrimaryKeyConstraint("hall", "window", name="pk_post"),
    CheckConstraint(_one_of("state", "closed", "open", "paused"), name="ck_post_state"),
    CheckConstraint("(state = 'closed') = (clerk IS NULL)", name="ck_post_clerk"),
    UniqueConstraint("hall", "clerk", name="uq_post_clerk"),  # one window at a time
)

# Every change of a post, for what a pause or a late opening teaches the estimator.
post_change = Table(
    "post_change",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("hall", Text, nullable=False),
    Column("window", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    CheckConstraint(_one_of("state", "closed", "open", "paused"), name="ck_post_change_state"),
)
Index("ix_post_change_at", post_change.c.hall, post_change.c.at)

rating = Table(
    "rating",
    metadata,
    Column("leg", Serial, ForeignKey("leg.id", name="fk_rating_leg"), nullable=False),
    Column("round", Integer, nullable=False),
    Column("hall", Text, nullable=False),
    Column("day", Text, nullable=False),
    Column("window", Text, nullable=False),
    Column("clerk", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("asked_at", UtcTime, nullable=False),
    Column("level", Integer),
    Column("reasons", JSON),
    Column("text", Text),
    Column("channel", Text),
    Column("given_at", UtcTime),
    PrimaryKeyConstraint("leg", "round", name="pk_rating"),
    CheckConstraint(_one_of("state", "asked", "given", "timed_out", "withdrawn"), name="ck_rating_state"),
    CheckConstraint("(state = 'given') = (level IS NOT NULL)", name="ck_rating_given"),
    CheckConstraint("level BETWEEN 1 AND 5", name="ck_rating_level"),
)
Index("ix_rating_day", rating.c.hall, rating.c.day, rating.c.window, rating.c.asked_at)

# Slips owed to printers, written with the number they carry (D9). The id is the print job's name for ever.
slip = Table(
    "slip",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("hall", Text, nullable=False),
    Column("day", Text, nullable=False),
    Column("ticket", Serial, ForeignKey("ticket.id", name="fk_slip_ticket")),  # None: a notice without number
    Column("copy", Integer, nullable=False),
    Column("kiosk", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("facts", JSON, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("changed_at", UtcTime, nullable=False),
    Column("paper", Text, nullable=False, server_default=text("'ticket'")),  # copy counts all
    UniqueConstraint("ticket", "copy", name="uq_slip_copy"),
    CheckConstraint(
        _one_of("state", "queued", "sending", "printed", "unsure", "failed"), name="ck_slip_state"
    ),
)
Index("ix_slip_state", slip.c.hall, slip.c.state)

# The same request_id of the same caller gets the same answer (D8).
answered = Table(
    "answered",
    metadata,
    Column("client", Text, nullable=False),
    Column("request_id", Text, nullable=False),
    Column("body_hash", Text, nullable=False),
    Column("status", Integer, nullable=False),
    Column("answer", JSON, nullable=False),
    Column("at", UtcTime, nullable=False),
    PrimaryKeyConstraint("client", "request_id", name="pk_answered"),
)
Index("ix_answered_at", answered.c.at)

complaint = Table(
    "complaint",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("hall", Text, nullable=False),
    Column("ticket", Serial, ForeignKey("ticket.id", name="fk_complaint_ticket")),  # None: a message
    Column("number", Text, nullable=False),
    Column("window", Text),
    Column("state", Text, nullable=False),
    Column("sealed", LargeBinary),
    Column("made_at", UtcTime, nullable=False),
    Column("answer", Text, nullable=False),
    Column("answered_by", Text),
    Column("ended_at", UtcTime),
    Column("source", Text, nullable=False, server_default=text("'words'")),
    Column("leg", Serial),  # the visit that was rated
    Column("about", Text),  # who served it, and may not answer it
    Column("owner", Text),
    Column("contact_due", UtcTime),
    Column("answer_due", UtcTime),
    Column("contacted_at", UtcTime),
    Column("extended", Text, nullable=False, server_default=text("''")),
    Column("review_of", Serial),  # the complaint that is looked at again
    Column("first_by", Text),  # who answered that, and may not answer this
    Column("link", Text),  # of a message: the proof of who wrote it
    CheckConstraint(
        _one_of("state", "received", "working", "answered", "declined"), name="ck_complaint_state"
    ),
)
Index("ix_complaint_ticket", complaint.c.hall, complaint.c.ticket)
Index("ux_complaint_link", complaint.c.hall, complaint.c.link, unique=True)
Index("ix_complaint_state", complaint.c.hall, complaint.c.state)

# Hash-chained, append-only (I13, I14). `line` is the canonical JSON that was hashed.
audit = Table(
    "audit",
    metadata,
    Column("hall", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("line", Text, nullable=False),
    Column("hash", Text, nullable=False),
    PrimaryKeyConstraint("hall", "seq", name="pk_audit"),
)

person = Table(
    "person",
    metadata,
    Column("hall", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("password", Text, nullable=False),  # argon2id
    Column("one_time", Boolean, nullable=False),
    Column("disabled", Boolean, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("locked_until", UtcTime),
    PrimaryKeyConstraint("hall", "id", name="pk_person"),
)

session = Table(
    "session",
    metadata,
    Column("token_hash", Text, nullable=False),
    Column("hall", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("csrf", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("seen_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime),
    PrimaryKeyConstraint("token_hash", name="pk_session"),
)

device = Table(
    "device",
    metadata,
    Column("id", Text, nullable=False),
    Column("hall", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("window", Text),
    Column("kiosk", Text),
    Column("key_hash", Text, nullable=False),
    Column("enrolled_at", UtcTime, nullable=False),
    Column("seen_at", UtcTime),
    Column("revoked_at", UtcTime),
    PrimaryKeyConstraint("id", name="pk_device"),
    UniqueConstraint("key_hash", name="uq_device_key"),
    CheckConstraint(_one_of("kind", "kiosk", "pad", "board", "window_screen", "host"), name="ck_device_kind"),
)

# One-time codes: enrolment of a device, and the hall's set-up (kind "setup").
code = Table(
    "code",
    metadata,
    Column("code_hash", Text, nullable=False),
    Column("hall", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("window", Text),
    Column("kiosk", Text),
    Column("expires_at", UtcTime),
    Column("used_at", UtcTime),
    PrimaryKeyConstraint("code_hash", name="pk_code"),
)

# What the device host last said about each machine; unknown again whenever the host is away.
health = Table(
    "health",
    metadata,
    Column("hall", Text, nullable=False),
    Column("device", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("line", Text, nullable=False),
    Column("window", Text),
    Column("kiosk", Text),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("host", Text, nullable=False, server_default=text("''")),  # as it calls itself
    PrimaryKeyConstraint("hall", "device", name="pk_health"),
    CheckConstraint(_one_of("state", "ok", "warn", "down", "unknown"), name="ck_health_state"),
)

# What a number taken now may expect, per service and class: written by the estimator, read by who takes one.
forecast = Table(
    "forecast",
    metadata,
    Column("hall", Text, nullable=False),
    Column("service", Text, nullable=False),
    Column("priority", Text, nullable=False),  # ordinary | priority
    Column("state", Text, nullable=False),
    Column("low", Integer),
    Column("high", Integer),
    Column("rough", Boolean, nullable=False),
    Column("p50_s", Integer),
    Column("at_most_s", Integer),
    Column("at", UtcTime, nullable=False),
    PrimaryKeyConstraint("hall", "service", "priority", name="pk_forecast"),
    CheckConstraint(_one_of("state", "range", "soon", "unknown"), name="ck_forecast_state"),
)

# What a citizen was told with the number. Never edited; `waited_s` is what came true.
promise = Table(
    "promise",
    metadata,
    Column("leg", Serial, ForeignKey("leg.id", name="fk_promise_leg"), nullable=False),
    Column("hall", Text, nullable=False),
    Column("day", Text, nullable=False),
    Column("queue", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("low", Integer, nullable=False),
    Column("high", Integer, nullable=False),
    Column("rough", Boolean, nullable=False),
    Column("p50_s", Integer, nullable=False),
    Column("at_most_s", Integer, nullable=False),
    Column("made_at", UtcTime, nullable=False),
    Column("waited_s", Integer),
    # taken: told with the number; moved: told anew to who was sent on or goes on to a further service
    Column("occasion", Text, nullable=False, server_default=text("'taken'")),
    PrimaryKeyConstraint("leg", name="pk_promise"),
)
Index("ix_promise_day", promise.c.hall, promise.c.day)

# What a waiting citizen is shown now: the expected clock time, moving smoothly.
expectation = Table(
    "expectation",
    metadata,
    Column("leg", Serial, ForeignKey("leg.id", name="fk_expectation_leg"), nullable=False),
    Column("hall", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("rough", Boolean, nullable=False),
    Column("expected_at", UtcTime),
    Column("at", UtcTime, nullable=False),
    PrimaryKeyConstraint("leg", name="pk_expectation"),
    CheckConstraint("(state = 'unknown') = (expected_at IS NULL)", name="ck_expectation_state"),
)

# How wide a promise must be to be kept nine times in ten, per size of the wait.
calibration = Table(
    "calibration",
    metadata,
    Column("hall", Text, nullable=False),
    Column("bucket", Integer, nullable=False),
    Column("c", Float, nullable=False),
    Column("calls", Integer, nullable=False),
    PrimaryKeyConstraint("hall", "bucket", name="pk_calibration"),
)

# What managers published over the hall's files; the newest row holds. Never changed, never deleted.
placement = Table(
    "placement",
    metadata,
    Column("hall", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("body", JSON, nullable=False),
    Column("changes", JSON, nullable=False),
    Column("note", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("rolled_back_to", Integer),
    PrimaryKeyConstraint("hall", "version", name="pk_placement"),
)

# Templates of slips that managers published over the files; the newest row holds. Never changed, never
# deleted.
slip_book = Table(
    "slip_book",
    metadata,
    Column("hall", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("body", JSON, nullable=False),
    Column("changes", JSON, nullable=False),
    Column("note", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("rolled_back_to", Integer),
    PrimaryKeyConstraint("hall", "version", name="pk_slip_book"),
)

# What managers configured over the files, area by area; the row of an area with the highest `in_force` holds.
# Never deleted; only `in_force` and `withdrawn` change, once. `since`: the local day from which it holds,
# None = at once.
config = Table(
    "config",
    metadata,
    Column("hall", Text, nullable=False),
    Column("area", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("body", JSON, nullable=False),
    Column("changes", JSON, nullable=False),
    Column("note", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("since", Text),
    Column("in_force", Integer),
    Column("in_force_at", UtcTime),
    Column("withdrawn", Boolean, nullable=False, server_default=text("false")),
    Column("rolled_back_to", Integer),
    PrimaryKeyConstraint("hall", "area", "version", name="pk_config"),
)

# What somebody is about to change in an area: one draft, which everybody who may edit the area sees.
config_draft = Table(
    "config_draft",
    metadata,
    Column("hall", Text, nullable=False),
    Column("area", Text, nullable=False),
    Column("rev", Integer, nullable=False),
    Column("base", Integer, nullable=False),
    Column("body", JSON, nullable=False),
    Column("person", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    PrimaryKeyConstraint("hall", "area", name="pk_config_draft"),
)

# The paper roll of a kiosk's printer: what was used of it since somebody said that it is new.
roll = Table(
    "roll",
    metadata,
    Column("hall", Text, nullable=False),
    Column("kiosk", Text, nullable=False),
    Column("used_mm", Integer, nullable=False),
    Column("slips", Integer, nullable=False),
    Column("since", UtcTime, nullable=False),
    PrimaryKeyConstraint("hall", "kiosk", name="pk_roll"),
)

# Every rules.toml that was ever in force.
rules = Table(
    "rules",
    metadata,
    Column("hall", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("body", JSON, nullable=False),
    Column("at", UtcTime, nullable=False),
    PrimaryKeyConstraint("hall", "version", name="pk_rules"),
)

# What wants a person until it is mended: one row per kind and thing.
alarm = Table(
    "alarm",
    metadata,
    Column("hall", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("level", Text, nullable=False),
    Column("facts", JSON, nullable=False),
    Column("since", UtcTime, nullable=False),
    PrimaryKeyConstraint("hall", "kind", "what", name="pk_alarm"),
    CheckConstraint(_one_of("level", "red", "yellow"), name="ck_alarm_level"),
)

# Who has taken an alarm on: whatever found it, by the name the manager's face gives it.
alarm_answer = Table(
    "alarm_answer",
    metadata,
    Column("hall", Text, nullable=False),
    Column("alarm", Text, nullable=False),
    Column("level", Text, nullable=False),
    Column("since", UtcTime),
    Column("person", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    PrimaryKeyConstraint("hall", "alarm", name="pk_alarm_answer"),
    CheckConstraint(_one_of("level", "red", "yellow"), name="ck_alarm_answer_level"),
)

# The hall's own look; the newest version holds.
brand = Table(
    "brand",
    metadata,
    Column("hall", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("body", JSON, nullable=False),
    Column("logo", LargeBinary),
    Column("logo_type", Text),
    Column("person", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    PrimaryKeyConstraint("hall", "version", name="pk_brand"),
)

_KNOWN = text("person IS NOT NULL")
Index(
    "ix_ticket_person",
    ticket.c.hall,
    ticket.c.day,
    ticket.c.person,
    sqlite_where=_KNOWN,
    postgresql_where=_KNOWN,
)
_FIRST = text("first_window IS NOT NULL")
Index(
    "ix_leg_first",
    leg.c.hall,
    leg.c.day,
    leg.c.first_window,
    sqlite_where=_FIRST,
    postgresql_where=_FIRST,
)

# What a clerk did to a ticket, with what it changed: the trace of an undo and of a call by choice.
deed = Table(
    "deed",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("hall", Text, nullable=False),
    Column("day", Text, nullable=False),
    Column("window", Text, nullable=False),
    Column("clerk", Text, nullable=False),
    Column("move", Text, nullable=False),
    Column("leg", Serial, ForeignKey("leg.id", name="fk_deed_leg"), nullable=False),
    Column("number", Text, nullable=False),
    Column("next_leg", Serial, ForeignKey("leg.id", name="fk_deed_next")),
    Column("errand", Serial),
    Column("before", JSON, nullable=False),
    Column("choice", Text),
    Column("at", UtcTime, nullable=False),
    Column("undone_at", UtcTime),
    CheckConstraint(_one_of("move", "call", "no_show", "finish", "transfer", "hold"), name="ck_deed_move"),
)
Index("ix_deed_window", deed.c.hall, deed.c.day, deed.c.window, deed.c.id)

# A further service of a ticket: it becomes a waiting leg when the present one is finished.
errand = Table(
    "errand",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("hall", Text, nullable=False),
    Column("ticket", Serial, ForeignKey("ticket.id", name="fk_errand_ticket"), nullable=False),
    Column("service", Text, nullable=False),
    Column("added_at", UtcTime, nullable=False),
    Column("leg", Serial, ForeignKey("leg.id", name="fk_errand_leg")),
)
Index("ix_errand_ticket", errand.c.ticket)

emergency = Table(
    "emergency",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("hall", Text, nullable=False),
    Column("day", Text),
    Column("window", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("owner", Text),
    Column("note", Text, nullable=False),
    Column("raised_at", UtcTime, nullable=False),
    Column("acknowledged_at", UtcTime),
    Column("closed_at", UtcTime),
    CheckConstraint(_one_of("state", "open", "acknowledged", "closed"), name="ck_emergency_state"),
    CheckConstraint("state = 'open' OR owner IS NOT NULL", name="ck_emergency_owner"),
)
_UNCLOSED = text("state <> 'closed'")
Index(
    "uq_emergency_window",
    emergency.c.hall,
    emergency.c.window,
    unique=True,
    sqlite_where=_UNCLOSED,
    postgresql_where=_UNCLOSED,
)

# The last request for each tidal window.
tidal = Table(
    "tidal",
    metadata,
    Column("hall", Text, nullable=False),
    Column("window", Text, nullable=False),
    Column("day", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("queue", Text),
    Column("waiting", Integer, nullable=False),
    Column("oldest_s", Integer, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("decided_by", Text),
    Column("clear_since", UtcTime),
    PrimaryKeyConstraint("hall", "window", name="pk_tidal"),
    CheckConstraint(_one_of("state", "requested", "confirmed", "declined", "cleared"), name="ck_tidal_state"),
)

# Posts whose main person is not there: who has been called to cover them.
cover = Table(
    "cover",
    metadata,
    Column("hall", Text, nullable=False),
    Column("window", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    PrimaryKeyConstraint("hall", "window", name="pk_cover"),
    CheckConstraint(_one_of("state", "none", "b_called", "leader_called"), name="ck_cover_state"),
)

# Appointments, from the draft that keeps a place to the ticket it became. A place of a slot is held once.
appointment = Table(
    "appointment",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("hall", Text, nullable=False),
    Column("queue", Text, nullable=False),
    Column("service", Text, nullable=False),
    Column("day", Text, nullable=False),
    Column("at", UtcTime),
    Column("place", Integer),
    Column("state", Text, nullable=False),
    Column("link", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("person", Text),  # keyed hash of a phone number
    Column("holds_until", UtcTime),
    Column("made_at", UtcTime, nullable=False),
    Column("channel", Text, nullable=False),
    Column("lang", Text, nullable=False),
    Column("moves", Integer, nullable=False),
    Column("ticket", Serial, ForeignKey("ticket.id", name="fk_appointment_ticket")),
    Column("said", Text),  # why the hall itself moved or cancelled it
    UniqueConstraint("link", name="uq_appointment_link"),
    UniqueConstraint("hall", "day", "code", name="uq_appointment_code"),
    UniqueConstraint("ticket", name="uq_appointment_ticket"),
    CheckConstraint(
        _one_of("state", "waitlisted", "draft", "booked", "checked_in", "cancelled", "missed", "expired"),
        name="ck_appointment_state",
    ),
    CheckConstraint("(state = 'checked_in') = (ticket IS NOT NULL)", name="ck_appointment_ticket"),
    CheckConstraint("(at IS NULL) = (place IS NULL)", name="ck_appointment_place"),
)
_HOLDS = text("state IN ('draft', 'booked', 'checked_in', 'missed')")
Index(
    "uq_appointment_place",
    *(appointment.c[name] for name in ("hall", "queue", "at", "place")),
    unique=True,
    sqlite_where=_HOLDS,
    postgresql_where=_HOLDS,
)
Index("ix_appointment_state", appointment.c.hall, appointment.c.state, appointment.c.day)
Index("ix_appointment_person", appointment.c.hall, appointment.c.person, appointment.c.day)

# 请假: asked for, granted by somebody else, closed on return.
leave = Table(
    "leave",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("hall", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("since", UtcTime, nullable=False),
    Column("until", UtcTime, nullable=False),
    Column("state", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("asked_at", UtcTime, nullable=False),
    Column("decided_by", Text),
    Column("decided_at", UtcTime),
    Column("closed_at", UtcTime),
    CheckConstraint(
        _one_of("state", "requested", "approved", "denied", "cancelled", "returned"), name="ck_leave_state"
    ),
    CheckConstraint("since < until", name="ck_leave_span"),
    CheckConstraint("decided_by IS NULL OR decided_by <> person", name="ck_leave_decided"),
)
Index("ix_leave_state", leave.c.hall, leave.c.state, leave.c.person)

# 上门、帮办代办、集约: work beside the windows. `sealed`: who the client is and where, encrypted.
service_order = Table(
    "service_order",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("hall", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("service", Text, nullable=False),
    Column("items", Integer, nullable=False),
    Column("note", Text, nullable=False),
    Column("sealed", LargeBinary),
    Column("at", UtcTime),
    Column("until", UtcTime),
    Column("window", Text),
    Column("team", JSON, nullable=False),
    Column("code", Text),
    Column("mandate", Text),
    Column("made_by", Text, nullable=False),
    Column("made_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime),
    CheckConstraint(_one_of("kind", "visit", "assist", "batch"), name="ck_order_kind"),
    CheckConstraint(
        _one_of("state", "requested", "planned", "checked_in", "done", "cancelled"), name="ck_order_state"
    ),
    CheckConstraint("items >= 1", name="ck_order_items"),
    UniqueConstraint("hall", "code", name="uq_order_code"),
)
Index("ix_order_state", service_order.c.hall, service_order.c.state, service_order.c.id)

order_step = Table(
    "order_step",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("order", Serial, ForeignKey("service_order.id", name="fk_step_order"), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("person", Text, nullable=False),
    Column("text", Text, nullable=False),
)
Index("ix_order_step", order_step.c.order)

# The numbers taken for an order.
order_ticket = Table(
    "order_ticket",
    metadata,
    Column("ticket", Serial, ForeignKey("ticket.id", name="fk_order_ticket"), nullable=False),
    Column("order", Serial, ForeignKey("service_order.id", name="fk_ticket_order"), nullable=False),
    PrimaryKeyConstraint("ticket", name="pk_order_ticket"),
)
Index("ix_order_ticket", order_ticket.c.order)

# Numbers taken by phone: the code that says at the kiosk whose it is, when its turn came while nobody was
# there, and when its holder was.
remote = Table(
    "remote",
    metadata,
    Column("ticket", Serial, ForeignKey("ticket.id", name="fk_remote_ticket"), nullable=False),
    Column("hall", Text, nullable=False),
    Column("day", Text, nullable=False),
    Column("queue", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("due_at", UtcTime),
    Column("arrived_at", UtcTime),
    PrimaryKeyConstraint("ticket", name="pk_remote"),
    UniqueConstraint("hall", "day", "code", name="uq_remote_code"),
)

# 帮办: a guide's hand at a place in the hall. `note` says what for, never whose.
aid = Table(
    "aid",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("hall", Text, nullable=False),
    Column("day", Text),
    Column("place", Text, nullable=False),
    Column("kiosk", Text),
    Column("kind", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("asked_at", UtcTime, nullable=False),
    Column("helper", Text),
    Column("taken_at", UtcTime),
    Column("ended_by", Text),
    Column("ended_at", UtcTime),
    CheckConstraint(_one_of("state", "open", "taken", "done", "cancelled"), name="ck_aid_state"),
    CheckConstraint("state NOT IN ('taken', 'done') OR helper IS NOT NULL", name="ck_aid_helper"),
)
Index("ix_aid_day", aid.c.hall, aid.c.day, aid.c.id)

# 咨询: what was asked at the door.
enquiry = Table(
    "enquiry",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("hall", Text, nullable=False),
    Column("day", Text),
    Column("kind", Text, nullable=False),
    Column("service", Text),
    Column("person", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("withdrawn_at", UtcTime),
)
Index("ix_enquiry_day", enquiry.c.hall, enquiry.c.day, enquiry.c.kind)

# The PIN behind the kiosks' faces, and the wrong tries at each.
kiosk_pin = Table(
    "kiosk_pin",
    metadata,
    Column("hall", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Column("set_by", Text, nullable=False),
    Column("set_at", UtcTime, nullable=False),
    PrimaryKeyConstraint("hall", name="pk_kiosk_pin"),
)
pin_try = Table(
    "pin_try",
    metadata,
    Column("hall", Text, nullable=False),
    Column("kiosk", Text, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("locked_until", UtcTime),
    PrimaryKeyConstraint("hall", "kiosk", name="pk_pin_try"),
)
