"""/metrics: what the installer's page counts, and how the hall stands, for the watch of an operating
room.

Text exposition format of Prometheus. It is there only for the addresses that WUCHA_METRICS names; for
everybody else, and for what a proxy hands on, there is no such address. No figure speaks of a person.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_address
from math import isfinite
from typing import TYPE_CHECKING, Any

from apiflask import APIBlueprint
from flask import Response, request
from flask.typing import ResponseReturnValue

from server.api.wiring import every_host
from server.domain import refusals
from server.house import House, house
from server.store.alarms import all_alarms
from server.store.health import health_of
from server.store.snapshots import public
from server.store.snapshots.view import ALL, View

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

bp = APIBlueprint("metrics", __name__, enable_openapi=False)

# behind a proxy all addresses are the proxy's
HANDED_ON = ("X-Forwarded-", "Forwarded", "X-Real-Ip", "Via")
LINE_COUNTS = {
    "retries": "questions that were asked again",
    "losses": "times the line was lost",
    "silences": "times a device fell silent",
}
LINE_TIMES = {"p50_ms": "half of the answers came within", "max_ms": "the slowest answer took"}


@bp.get("/metrics")
def get_metrics() -> ResponseReturnValue:
    """200 text/plain; version=0.0.4. 404 for who is not named."""
    if not _named():
        raise refusals.NotFound()
    from prometheus_client import CollectorRegistry, generate_latest  # nobody else waits for it at start

    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Hall(house(), every_host()))
    return Response(generate_latest(registry), content_type="text/plain; version=0.0.4; charset=utf-8")


def _named() -> bool:
    allowed = house().settings.metrics
    if not allowed or any(name.title().startswith(HANDED_ON) for name, _ in request.headers):
        return False
    try:
        asking = ip_address(request.remote_addr or "")
    except ValueError:
        return False
    asking = getattr(asking, "ipv4_mapped", None) or asking  # a server that listens on both kinds at once
    return any(asking in network for network in allowed)


class _Hall:
    """One look, read when it is asked for."""

    def __init__(self, h: House, hosts: list[dict[str, Any]]) -> None:
        self._house, self._hosts = h, hosts

    def collect(self) -> Iterator[Metric]:
        h = self._house
        with h.store.read() as connection:
            view = View.of(connection, h.store.hall, h.hall, h.texts)
            queues, alarms = public.queue_rows(view, ALL), all_alarms(connection, view.hall)
            machines = health_of(connection, view.hall)
        yield _gauge("wucha_revision", "Commits of the hall.", [], [([], view.revision)])
        yield _gauge(
            "wucha_day_open", "1 while a business day is open.", [], [([], float(view.day is not None))]
        )
        rows = [([name, state], row[state]) for name, row in queues.items() if row for state in STATES]
        yield _gauge(
            "wucha_numbers", "Numbers of a queue that wait, are called, are served.", ["queue", "state"], rows
        )
        levels = [str(alarm["level"]) for alarm in alarms]
        rows = [([level], levels.count(level)) for level in ("red", "yellow")]
        yield _gauge("wucha_alarms", "Alarms that stand.", ["level"], rows)
        rows = [([m["device"], m["kind"], m["state"], m["reason"]], 1) for m in machines]
        yield _gauge(
            "wucha_device",
            "How a machine is: ok, warn, down, unknown.",
            ["device", "kind", "state", "reason"],
            rows,
        )
        yield from self._of_hosts()

    def _of_hosts(self) -> Iterator[Metric]:
        here = [(str(host["enrolled_as"]), host) for host in self._hosts]
        yield _gauge(
            "wucha_host_up",
            "1 while a device host answers.",
            ["host"],
            [([n], host["here"]) for n, host in here],
        )
        for key, about in (
            ("waiting", "Facts a host could not tell yet."),
            ("oldest_s", "Seconds the oldest waits."),
        ):
            rows = [([name], _of(host.get("untold"), key)) for name, host in here]
            yield _gauge(f"wucha_host_untold_{key.removesuffix('_s')}", about, ["host"], rows)
        lines = [
            ([name, str(line.get("line"))], line) for name, host in here for line in _list(host.get("lines"))
        ]
        rows = [(labels, line.get("state") == "ready") for labels, line in lines]
        yield _gauge("wucha_line_ready", "1 while a line is open.", ["host", "line"], rows)
        counted = [
            ([*labels, str(s)], n)
            for labels, line in lines
            if isinstance(jobs := line.get("jobs"), Mapping)
            for s, n in jobs.items()
        ]
        yield _counter("wucha_line_jobs", "Jobs by how they ended.", ["host", "line", "state"], counted)
        for key, about in LINE_COUNTS.items():
            rows = [(labels, line.get(key)) for labels, line in lines]
            yield _counter(f"wucha_line_{key}", f"On a line: {about}.", ["host", "line"], rows)
        for key, about in LINE_TIMES.items():
            rows = [(labels, _of(line, key, 1000)) for labels, line in lines]
            name = f"wucha_line_{key.removesuffix('_ms')}_seconds"
            yield _gauge(name, f"On a line: {about}.", ["host", "line"], rows)


STATES = ("waiting", "called", "serving")
Rows = Iterable[tuple[list[str], Any]]


def _gauge(name: str, about: str, labels: list[str], rows: Rows) -> Metric:
    from prometheus_client.core import GaugeMetricFamily

    return _filled(GaugeMetricFamily(name, about, labels=labels), rows)


def _counter(name: str, about: str, labels: list[str], rows: Rows) -> Metric:
    from prometheus_client.core import CounterMetricFamily

    return _filled(CounterMetricFamily(name, about, labels=labels), rows)


def _filled(family: Any, rows: Rows) -> Metric:
    """A host's word is a stranger's: what is no number is left out."""
    for labels, value in rows:
        if isinstance(value, (bool, int, float)) and isfinite(value):
            family.add_metric([words.encode("utf-8", "replace").decode() for words in labels], float(value))
    return family


def _of(row: Any, key: str, by: float = 1) -> Any:
    value = row.get(key) if isinstance(row, Mapping) else None
    return value / by if isinstance(value, (int, float)) else None


def _list(rows: Any) -> list[Mapping[str, Any]]:
    return [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []
