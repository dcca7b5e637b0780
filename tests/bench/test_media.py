"""The media benchmark tells what is: its object has the fields that were agreed, every packet is accounted for, and a
forwarder that loses packets is seen to lose them. How fast anything is, no test asserts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cosession.bench.embedded import EmbeddedStand
from cosession.bench.measure import Measured, measure
from cosession.bench.traffic import copies_per_s, streams

BROKEN = Path(__file__).parent / "broken"


def is_measurement(found: dict[str, Any]) -> bool:
    """Exactly the fields of the benchmark's definition."""
    latency = found["latency_ms"]
    return (
        list(found)
        == [
            "cpu_us_per_packet",
            "cpu_core_percent_per_room",
            "in_pps",
            "out_pps",
            "loss_percent",
            "latency_ms",
        ]
        and list(latency) == ["p50", "p99"]
        and 0 < latency["p50"] <= latency["p99"]
    )


def adds_up(measured: Measured) -> bool:
    account = measured.account
    return account.due == account.received + account.dropped + account.lost and account.sent > 0 <= account.lost


def test_the_models_are_those_of_the_definition() -> None:
    assert copies_per_s("generic", 8) == 8 * (60 + 50) * 7
    assert copies_per_s("script", 8) == (140 + 7 * 17 + 3 * 50) * 7
    assert {stream.person for stream in streams("script", 8) if stream.kind == "audio"} == {0, 1, 2}


@pytest.mark.parametrize("model", ["generic", "script"])
async def test_every_packet_is_accounted_for(model: Any) -> None:
    priority = os.getpriority(os.PRIO_PROCESS, 0)
    measured = await measure(EmbeddedStand(), rooms=2, people=4, model=model, seconds=1)
    account = measured.account
    assert os.getpriority(os.PRIO_PROCESS, 0) == priority, "who measures is as before"
    assert is_measurement(measured.as_json())
    assert adds_up(measured)
    assert account.due == 3 * account.sent
    assert account.received > 0.9 * account.due
    assert account.received / 8 < len(measured.latencies_ms) < account.received / 2
    assert measured.cpu_s > 0
    assert measured.profile == "SRTP_AEAD_AES_256_GCM"


async def test_a_broken_forwarder_shows_as_loss() -> None:
    stand = EmbeddedStand(environment={"PYTHONPATH": str(BROKEN)})
    measured = await measure(stand, rooms=1, people=3, model="generic", seconds=1)
    account = measured.account
    assert adds_up(measured)
    assert account.dropped == 0
    assert 0.09 < account.lost / account.due < 0.2
    assert 0 < account.gaps <= account.lost
    assert measured.as_json()["loss_percent"] == pytest.approx(100 * account.lost / account.due, abs=1e-3)


def test_the_command_says_one_object_and_nothing_else() -> None:
    command = ["bench", "media", "--rooms", "1", "--people", "3", "--seconds", "0.5", "--json"]
    done = subprocess.run([sys.executable, "-m", "cosession.cli", *command], capture_output=True, check=True, text=True)
    assert done.stdout.count("\n") == 1
    assert is_measurement(json.loads(done.stdout))
    assert "copies due" in done.stderr


def test_a_wrong_model_is_said_plainly() -> None:
    command = [sys.executable, "-m", "cosession.cli", "bench", "media", "--model", "everything"]
    done = subprocess.run(command, capture_output=True, check=False, text=True)
    assert done.returncode == 1
    assert done.stderr == "cosession: --model is one of generic, script\n"
