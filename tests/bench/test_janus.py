"""What surrounds the measurement of Janus; Janus itself is measured by `make bench-janus`, not in tests."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from cosession.bench import sdp
from cosession.bench.compare import _beside, _middle
from cosession.bench.errors import CannotMeasure
from cosession.bench.janus import JanusStand
from cosession.bench.measure import measure

ROOT = Path(__file__).resolve().parents[2]
OFFERED = """v=0
o=- 1 1 IN IP4 192.0.2.2
s=VideoRoom 1000
t=0 0
a=group:BUNDLE 0 1
a=fingerprint:sha-256 6a:61
m=audio 9 UDP/TLS/RTP/SAVPF 111
a=sendonly
a=mid:0
a=ice-ufrag:tPm1
a=ice-pwd:mKXD9FtnYOdlLMuHveCXPv
a=setup:actpass
a=rtpmap:111 opus/48000/2
a=ssrc:2222514330 cname:janus
a=candidate:2 1 udp 1 fd00::2 51728 typ host
a=candidate:1 1 udp 2015363327 192.0.2.2 51729 typ host
m=video 9 UDP/TLS/RTP/SAVPF 96 97
a=sendonly
a=mid:1
a=rtpmap:96 VP8/90000
a=ssrc-group:FID 1916690439 7
a=ssrc:1916690439 cname:janus
a=ssrc:7 cname:janus
"""


async def test_without_janus_it_says_what_to_install() -> None:
    with pytest.raises(CannotMeasure, match=r"apt-get install .* janus"):
        await measure(JanusStand("192.0.2.1", binary="no-janus-here"), rooms=1, people=3, model="generic", seconds=1)


def test_make_says_the_command_where_it_may_not_install(tmp_path: Path) -> None:
    """Not root, and no Janus: `id` and `command -v` answer from a folder of our own."""
    for name, text in {"id": "echo 1000", "apt-get": "exit 1"}.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    command = ["/bin/sh", ".ci/janus"]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "PATH": str(tmp_path)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "sudo apt-get update && sudo apt-get install -y --no-install-recommends janus" in done.stderr


def test_an_offer_to_receive_is_taken_in_its_own_numbers() -> None:
    remote = sdp.read(OFFERED)
    assert remote.candidates == (("192.0.2.2", 51729),)
    assert remote.ssrcs == (2222514330, 1916690439)
    answer = sdp.answer_to_receive(sdp.Own("u", "p", "AB", ("192.0.2.2", 4000)), remote)
    assert "m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\n" in answer
    assert answer.count("a=recvonly") == 2
    assert answer.count("a=setup:active") == 2
    assert "a=sendonly" not in answer


@pytest.mark.parametrize("missing", ["a=ice-pwd", "a=fingerprint", "a=candidate:1", "m="])
def test_an_answer_that_lacks_something_is_refused(missing: str) -> None:
    text = "\n".join(line for line in OFFERED.splitlines() if not line.startswith(missing))
    with pytest.raises(ValueError, match="server's SDP has no"):
        sdp.read(text)


def test_ratios_are_ours_to_theirs() -> None:
    janus, generic, script = (
        {"cpu_us_per_packet": cost, "cpu_core_percent_per_room": share} for cost, share in ((20, 10), (10, 6), (12, 3))
    )
    told = _beside(janus, generic, script)
    assert (told["ratio_cpu_per_packet"], told["ratio_cpu_per_room"]) == (0.5, 0.3)
    assert list(told) == ["generic", "script", "ratio_cpu_per_packet", "ratio_cpu_per_room"]


def test_of_several_rounds_the_median_counts_and_the_worst_loss() -> None:
    rounds: list[dict[str, Any]] = [
        {"cpu_us_per_packet": cost, "loss_percent": loss, "latency_ms": {"p99": p99}}
        for cost, loss, p99 in ((9, 0.0, 2.5), (30, 0.1, 40), (10, 0.0, None))
    ]
    assert _middle(rounds) == {"cpu_us_per_packet": 10, "loss_percent": 0.1, "latency_ms": {"p99": None}}
    assert _middle(rounds[:1]) == rounds[0]
