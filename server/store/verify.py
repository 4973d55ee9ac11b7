"""One-command check of what is stored: the audit chain and the invariants that plain SQL can see."""

from __future__ import annotations

from sqlalchemy import Connection, Engine, text

from server.domain.audit import first_break
from server.store.engine import reading

# Each query finds rows that must not exist; the words say which invariant of the house they would break.
INVARIANTS: tuple[tuple[str, str], ...] = (
    (
        "同一号码发出两次 / a number was given twice (I1)",
        "SELECT hall, day, prefix, seq FROM ticket GROUP BY hall, day, prefix, seq HAVING COUNT(*) > 1",
    ),
    (
        "号码有空缺 / numbers have a gap (I2)",
        "SELECT s.prefix FROM series s WHERE s.last <> (SELECT COUNT(*) FROM ticket t "
        "WHERE t.hall = s.hall AND t.day = s.day AND t.prefix = s.prefix AND t.seq <= s.last) "
        "+ (SELECT COALESCE(SUM(g.last - g.first + 1), 0) FROM gap g "
        "WHERE g.hall = s.hall AND g.day = s.day AND g.prefix = s.prefix)",
    ),
    (
        "恢复备份前发出的号又发了一次 / a number from before a restore was given again (I1)",
        "SELECT t.id FROM ticket t JOIN gap g ON g.hall = t.hall AND g.day = t.day AND g.prefix = t.prefix "
        "WHERE t.seq BETWEEN g.first AND g.last",
    ),
    (
        "离线号段重叠或越界 / blocks overlap, or reach into the series (I1)",
        "SELECT b.id FROM block b JOIN series s ON s.hall = b.hall AND s.day = b.day AND s.prefix = b.prefix "
        "WHERE b.first <= s.last OR b.first < s.lent_from OR EXISTS (SELECT 1 FROM block o "
        "WHERE o.hall = b.hall AND o.day = b.day AND o.prefix = b.prefix "
        "AND o.id <> b.id AND o.first <= b.last AND b.first <= o.last)",
    ),
    (
        "号码不在任何号段里 / a number beyond the series that no block holds (I2)",
        "SELECT t.id FROM ticket t "
        "JOIN series s ON s.hall = t.hall AND s.day = t.day AND s.prefix = t.prefix "
        "WHERE t.seq > s.last AND NOT EXISTS (SELECT 1 FROM block b WHERE b.hall = t.hall "
        "AND b.day = t.day AND b.prefix = t.prefix AND t.seq BETWEEN b.first AND b.last)",
    ),
    (
        "一张票有两程未结束 / a ticket has two open legs (I5)",
        "SELECT ticket FROM leg WHERE state IN ('away', 'waiting', 'called', 'serving', 'held') "
        "GROUP BY ticket HAVING COUNT(*) > 1",
    ),
    (
        "一个窗口有两张票 / a window holds two tickets (I6)",
        "SELECT hall FROM leg WHERE state IN ('called', 'serving') "
        'GROUP BY hall, "window" HAVING COUNT(*) > 1',
    ),
    (
        "有票没有程 / a ticket without a last leg (I7)",
        "SELECT t.id FROM ticket t WHERE (SELECT COUNT(*) FROM leg l "
        "WHERE l.ticket = t.id AND NOT l.superseded) <> 1",
    ),
    (
        "时间倒流 / times run backwards (I15)",
        "SELECT id FROM leg WHERE called_at < joined_at OR started_at < called_at OR ended_at < started_at",
    ),
    (
        "没有办理过却有评价 / a rating without a visit (I16)",
        "SELECT r.leg FROM rating r JOIN leg l ON l.id = r.leg "
        "WHERE l.state <> 'done' AND r.state <> 'withdrawn'",
    ),
    (
        "取号没有审计 / a number without its audit line (I13)",
        "SELECT h.id FROM hall h WHERE (SELECT COUNT(*) FROM ticket t WHERE t.hall = h.id) <> "
        '(SELECT COUNT(*) FROM audit a WHERE a.hall = h.id AND a.line LIKE \'{"about":"ticket:%\' '
        'AND a.line LIKE \'%"act":"ticket.take"%\' AND a.line LIKE \'%"result":"done"%\')',
    ),
)


def check(engine: Engine, hall: str) -> list[str]:
    """Every trouble found, one sentence each; empty when all is well."""
    with reading(engine) as connection:
        troubles = [f"{words}: {rows}" for words, sql in INVARIANTS if (rows := _broken(connection, sql))]
        chain = connection.execute(
            text("SELECT seq, line, hash FROM audit WHERE hall = :hall ORDER BY seq"), {"hall": hall}
        )
        broken = first_break((int(seq), str(line), str(hash_)) for seq, line, hash_ in chain)
    if broken is not None:
        troubles.append(f"审计链在第{broken}行断裂 / the audit chain breaks at line {broken} (I14)")
    return troubles


def _broken(connection: Connection, sql: str) -> list[tuple[object, ...]]:
    return [tuple(row) for row in connection.execute(text(sql)).fetchmany(5)]
