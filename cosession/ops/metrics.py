"""Prometheus metrics, made anew for each scrape from what is true now. Labels never hold a session, a seat or a
name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from cosession.core.vocabulary import Presence, Status
from cosession.ops.counting import Answers
from cosession.ops.pulse import Pulse
from cosession.room.actor import Room
from cosession.room.ports import WorkerFigures

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def exposition(rooms: Sequence[Room], workers: Sequence[WorkerFigures] | None, answers: Answers, pulse: Pulse) -> bytes:
    """The text of `/metrics`. `workers` is None while the media plane does not answer."""
    registry = CollectorRegistry()
    registry.register(_Collected([*_rooms(rooms), *_media(workers), *_wire(answers), *_loop(pulse)]))
    return generate_latest(registry)


class _Collected(Collector):
    def __init__(self, metrics: Sequence[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        return self._metrics


def _rooms(rooms: Sequence[Room]) -> Iterable[Metric]:
    by_status = Counter(room.state.status for room in rooms)
    by_presence = Counter(seat.presence for room in rooms for seat in room.state.seats.values() if seat.joined)
    gauge = GaugeMetricFamily("cosession_rooms", "Rooms that live here, by status.", labels=["status"])
    for status in Status:
        gauge.add_metric([status.value], by_status[status])
    yield gauge
    gauge = GaugeMetricFamily("cosession_seats", "Seats that were taken, by presence.", labels=["presence"])
    for presence in Presence:
        gauge.add_metric([presence.value], by_presence[presence])
    yield gauge


def _media(workers: Sequence[WorkerFigures] | None) -> Iterable[Metric]:
    yield GaugeMetricFamily("cosession_media_up", "1 while the media plane answers.", value=float(bool(workers)))
    packets = CounterMetricFamily("cosession_media_packets", "Packets since the worker began.", labels=["direction"])
    drops = CounterMetricFamily("cosession_media_dropped", "Packets not forwarded, by reason.", labels=["reason"])
    cpu = CounterMetricFamily("cosession_media_cpu_seconds", "CPU time of the media workers.")
    lag = GaugeMetricFamily("cosession_media_loop_lag_seconds", "How late the slowest media worker's loop is.")
    found = list(workers or ())
    packets.add_metric(["in"], sum(worker.packets_in for worker in found))
    packets.add_metric(["out"], sum(worker.packets_out for worker in found))
    dropped: Counter[str] = Counter()
    for worker in found:
        dropped.update(dict(worker.dropped))
    for reason, count in sorted(dropped.items()):
        drops.add_metric([reason], count)
    cpu.add_metric([], sum(worker.cpu_s for worker in found))
    lag.add_metric([], max((worker.loop_lag_ms for worker in found), default=0.0) / 1000)
    yield from (packets, drops, cpu, lag)


def _wire(answers: Answers) -> Iterable[Metric]:
    yield CounterMetricFamily("cosession_commands", "Commands accepted.", value=answers.accepted)
    refused = CounterMetricFamily("cosession_refusals", "Commands refused by the rules, by code.", labels=["code"])
    for code, count in sorted(answers.refused.items()):
        refused.add_metric([code], count)
    errors = CounterMetricFamily("cosession_wire_errors", "Messages answered with an error, by code.", labels=["code"])
    for code, count in sorted(answers.errors.items()):
        errors.add_metric([code], count)
    yield from (refused, errors)


def _loop(pulse: Pulse) -> Iterable[Metric]:
    yield GaugeMetricFamily("cosession_loop_lag_seconds", "How late the event loop is.", value=pulse.lag_ms / 1000)
