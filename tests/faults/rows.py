"""The table: one entry for each fault that is played. A new row is one entry here and what plays it."""

from __future__ import annotations

from pathlib import Path

from tests.faults import network_rows, room_rows
from tests.faults.check_rows import TRIALS, check
from tests.faults.table import Row

_BLOCKED = "UDP blocked"
_CHECK = "a network that is closed in part, before the session"
_KILLED = "the relay killed and started again"

#: `tests/browser/test_relays.py` has others.
QUICK_CHECKS = ("443 without a relay",)

ROWS = (
    Row("WebSocket drop", "WebSocket drop", "T_state", "s", {95: 1.5, 99: 3.0}, room_rows.socket_dropped, 2, 20),
    Row("no Upgrade: state", "`Upgrade` dropped", "state", "ms", {95: 300.0}, room_rows.without_websocket, 6, 40),
    Row("same seat twice", "same seat twice", "the older closed", "s", {95: 0.5}, room_rows.same_seat_twice, 1),
    Row("server SIGKILL, one room", "server SIGKILL", "T_state", "s", {95: 3.0}, room_rows.server_killed),
    Row("UDP blocked, a relay on 443", _BLOCKED, "silence", "s", {95: 6.0}, network_rows.udp_blocked),
    Row("443 alone, then no relay", _BLOCKED, "silence", "s", {95: 6.0}, network_rows.relay_closed_too, 1),
    Row("443 alone, the relay again", _BLOCKED, "silence", "s", {95: 0.3}, network_rows.way_back),
    Row("443 alone, no relay", _BLOCKED, "mouth to ear", "ms", {95: 400.0}, network_rows.mouth_to_ear, 0, 1),
    Row("the relay killed", _KILLED, "silence after its start", "s", {95: 8.0}, network_rows.relay_killed, 0, 3),
    *(
        Row(f"check: {name}", _CHECK, "the check", "s", {95: 15.0}, check(name), int(name in QUICK_CHECKS), 2)
        for name in TRIALS
    ),
)


def documented() -> dict[str, str]:
    """The faults of docs/faults.md, each with what is required."""
    text = (Path(__file__).parents[2] / "docs" / "faults.md").read_text(encoding="utf-8")
    lines = text.partition("| fault | required |")[2].partition("\n\n")[0].splitlines()[2:]
    cells = [line.strip("|").split(" | ") for line in lines]
    return {fault.strip(): required for fault, required, *_ in cells}


def not_tried() -> dict[str, str]:
    """The faults of the document that no row plays, and why."""
    played = {row.fault for row in ROWS}
    return {fault: _ELSEWHERE.get(fault, _BY_TESTS) for fault in documented() if fault not in played}


_BY_TESTS = "no row plays it; `make test` has what docs/faults.md names"
_ELSEWHERE = {
    "Wi-Fi to 4G": "no second way out of the network is made here",
    "200 rooms x 9 return at once": "known not to hold; no row yet",
    "an hour at real speed": "`cosession simulate --speed 1` takes an hour",
    "one seat that sends without pause": "`cosession bench flood` measures it",
    "closed microphone that sends anyway": "`cosession bench floor` measures it",
}
