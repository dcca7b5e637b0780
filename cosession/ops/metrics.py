"""Prometheus metrics, made anew for each scrape from what is true now. Labels never hold a session, a seat or a
name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from cosession.core.vocabulary import Presence, Status
from cosession.doors.visits import Visits
from cosession.ops.counting import Answers
from cosession.ops.pulse import Pulse
from cosession.room.actor import Room
from cosession.room.ports import ConnectionStats, WorkerStats

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


_QUANTILES = (0.5, 0.9, 1.0)


def exposition(
    rooms: Sequence[Room],
    workers: Sequence[WorkerStats] | None,
    seats: Mapping[str, Sequence[ConnectionStats]],
    answers: Answers,
    pulse: Pulse,
    visits: Visits,
    store_failing: str | None,
) -> bytes:
    """The text of `/metrics`. `workers` is None while the media plane does not answer; `seats` by session;
    `store_failing` why the store takes no writes, if it does not."""
    registry = CollectorRegistry()
    ways = _ways(chain(*seats.values()))
    registry.register(
        _Collected(
            [
                *_rooms(rooms),
                *_store(store_failing),
                *_media(workers),
                *ways,
                *_wire(answers),
                *_doors(answers, visits),
                *_loop(pulse),
            ]
        )
    )
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


def _store(failing: str | None) -> Iterable[Metric]:
    yield GaugeMetricFamily("cosession_store_up", "1 while the store takes writes.", value=float(failing is None))
    gauge = GaugeMetricFamily("cosession_store_failing", "Why the store takes no writes.", labels=["code"])
    if failing is not None:
        gauge.add_metric([failing], 1)
    yield gauge


def _media(workers: Sequence[WorkerStats] | None) -> Iterable[Metric]:
    yield GaugeMetricFamily("cosession_media_up", "1 while the media plane answers.", value=float(bool(workers)))
    packets = CounterMetricFamily(
        "cosession_media_packets", "Packets since the worker began.", labels=["worker", "direction"]
    )
    drops = CounterMetricFamily(
        "cosession_media_dropped", "Packets not forwarded, by reason.", labels=["worker", "reason"]
    )
    cpu = CounterMetricFamily("cosession_media_cpu_seconds", "CPU time of a media worker.", labels=["worker"])
    lag = GaugeMetricFamily("cosession_media_loop_lag_seconds", "How late a worker's loop is.", labels=["worker"])
    rooms = GaugeMetricFamily("cosession_media_rooms", "Rooms that a media worker carries.", labels=["worker"])
    connections = GaugeMetricFamily("cosession_media_connections", "Connections of a media worker.", labels=["worker"])
    # By place, not by process: a worker that is replaced goes on under its number, its counters begin anew.
    for place, worker in enumerate(workers or ()):
        number = str(place)
        packets.add_metric([number, "in"], worker.packets_in)
        packets.add_metric([number, "out"], worker.packets_out)
        for reason, count in sorted(worker.dropped.items()):
            drops.add_metric([number, reason], count)
        cpu.add_metric([number], worker.cpu_s)
        lag.add_metric([number], worker.loop_lag_ms / 1000)
        rooms.add_metric([number], worker.rooms)
        connections.add_metric([number], worker.connections)
    yield from (packets, drops, cpu, lag, rooms, connections)


def _ways(seats: Iterable[ConnectionStats]) -> Iterable[Metric]:
    """How people are connected: never who."""
    found = list(seats)
    ways = GaugeMetricFamily(
        "cosession_media_ways", "Connections by path and by what their downlink carries.", labels=["path", "level"]
    )
    for (path, level), count in sorted(Counter((one.path, one.level) for one in found).items()):
        ways.add_metric([path, level], count)
    yield ways
    for name, text, values in (
        ("loss_ratio", "Packets lost, the worse direction", [one.loss_percent / 100 for one in found]),
        ("round_trip_seconds", "Round trip", [_s(one.round_trip_ms) for one in found if one.round_trip_ms is not None]),
        ("jitter_seconds", "Jitter as received", [_s(one.jitter_ms) for one in found if one.jitter_ms is not None]),
        ("received_bits_per_second", "What a browser sends", [1000.0 * one.kbps_in for one in found]),
        ("sent_bits_per_second", "What a browser is sent", [1000.0 * one.kbps_out for one in found]),
    ):
        gauge = GaugeMetricFamily(f"cosession_media_{name}", f"{text}, of the connections of now.", labels=["quantile"])
        ordered = sorted(values)
        for quantile in _QUANTILES if ordered else ():
            gauge.add_metric([str(quantile)], ordered[min(int(quantile * len(ordered)), len(ordered) - 1)])
        yield gauge


def _s(ms: float) -> float:
    return ms / 1000


def _wire(answers: Answers) -> Iterable[Metric]:
    yield CounterMetricFamily("cosession_commands", "Commands accepted.", value=answers.accepted)
    refused = CounterMetricFamily("cosession_refusals", "Commands refused by the rules, by code.", labels=["code"])
    for code, count in sorted(answers.refused.items()):
        refused.add_metric([code], count)
    errors = CounterMetricFamily("cosession_wire_errors", "Messages answered with an error, by code.", labels=["code"])
    for code, count in sorted(answers.errors.items()):
        errors.add_metric([code], count)
    yield from (refused, errors)


def _doors(answers: Answers, visits: Visits) -> Iterable[Metric]:
    closes = CounterMetricFamily("cosession_socket_closes", "Sockets closed by the server, by code.", labels=["code"])
    for code, count in sorted(answers.closes.items()):
        closes.add_metric([str(code)], count)
    yield closes
    yield CounterMetricFamily(
        "cosession_pages_without_welcome",
        "Pages of a room that were served and did not reach it: closed at once, opened by a program, or a proxy or "
        "network is in between.",
        value=answers.unwelcomed,
    )
    yield CounterMetricFamily(
        "cosession_sound_frames_overtaken",
        "Frames of backup sound that newer ones overtook before they left: pages whose connection does not keep up.",
        value=answers.overtaken,
    )
    ended = CounterMetricFamily(
        "cosession_connections_ended",
        "Connections ended to make room or because they kept the server waiting, by reason.",
        labels=["reason"],
    )
    for reason, count in sorted(answers.ended.items()):
        ended.add_metric([reason], count)
    yield ended
    gauge = GaugeMetricFamily(
        "cosession_connections", "Connections of the main listener; socket: of a seat.", labels=["kind"]
    )
    gauge.add_metric(["socket"], visits.settled)
    gauge.add_metric(["other"], len(visits) - visits.settled)
    yield gauge
    yield GaugeMetricFamily("cosession_connections_limit", "How many there may be.", value=visits.limits.most)


def _loop(pulse: Pulse) -> Iterable[Metric]:
    yield GaugeMetricFamily("cosession_loop_lag_seconds", "How late the event loop is.", value=pulse.lag_ms / 1000)
