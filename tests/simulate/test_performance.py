"""The whole script on a real server, by simulated managers: without media quickly, with media once."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest


def simulate(*options: str, timeout_s: float) -> tuple[int, dict[str, Any], str]:
    """Exit status, the printed object, and what stood on stderr."""
    command = [sys.executable, "-m", "cosession.cli", "simulate", "--json", *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout_s, check=False)
    assert done.stdout.count("\n") == 1, done.stdout + done.stderr
    return done.returncode, json.loads(done.stdout), done.stderr


def check_the_session(told: dict[str, Any], managers: int) -> None:
    assert told["errors"] == []
    assert set(told) == {"script", "speed", "phases", "seats", "media", "captures", "log", "memory", "time", "errors"}
    assert told["script"] == "codev-75"
    assert told["seats"] == managers + 1
    assert [phase["id"] for phase in told["phases"]] == [
        "check_in", "follow_up", "topic_choice", "problem_statement", "questions", "contract", "advice", "action_plan",
        "learnings", "closing",
    ]  # fmt: skip
    assert sum(phase["planned_s"] for phase in told["phases"]) == 4500
    # What one phase was given more (one minute for the questions) others yielded: the locked end holds.
    assert sum(phase["actual_s"] for phase in told["phases"]) == pytest.approx(4500, rel=0.1)
    assert all(phase["actual_s"] > 0.4 * phase["planned_s"] for phase in told["phases"])
    assert told["captures"] == {"contract": True, "actions": 1, "learnings": managers}
    assert told["log"]["replay_equal"] is True
    assert told["log"]["events"] > 200
    check_that_it_endured(told)


def check_that_it_endured(told: dict[str, Any]) -> None:
    """The figures of a long run, in a short one: there for every process, and what a process and a clock can have."""
    server, managers = told["memory"]["server"], told["memory"]["managers"]
    assert server[0]["name"] == "cosession.cli"
    assert {each["name"] for each in server[1:]} == {"cosession.media.embedded.worker"}
    assert all(30 < each["first_mib"] <= each["peak_mib"] < 500 for each in server + managers)
    assert all(each["first_mib"] / 2 < each["last_mib"] <= each["peak_mib"] for each in server + managers)
    assert told["time"]["planned_s"] == 4500
    assert told["time"]["actual_s"] == pytest.approx(4500, rel=0.1)
    assert abs(told["time"]["end_off_ms"]) < 1000
    assert set(told["time"]["drift_ms_per_h"]) == {"f", *(f"p{place}" for place in range(1, told["seats"]))}
    assert all(0 <= apart_ms < 1000 for apart_ms in told["time"]["apart_ms"].values())


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_eight_managers_play_the_whole_script_without_media() -> None:
    status, told, stderr = simulate("--no-media", "--speed", "240", timeout_s=110)
    check_the_session(told, 8)
    assert told["media"] == {
        "min_video_frames_decoded": None,
        "min_audio_s_heard": None,
        "packets_heard_without_floor": None,
    }
    assert [each["name"] for each in told["memory"]["managers"]] == ["cosession.cli"]
    assert stderr == ""
    assert status == 0


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_three_managers_play_troika_without_a_facilitator() -> None:
    status, told, _ = simulate("--script", "troika-30", "--no-media", "--speed", "120", timeout_s=110)
    assert told["errors"] == []
    assert status == 0
    assert told["seats"] == 3
    assert [phase["id"] for phase in told["phases"]] == [
        "reflect",
        *["present", "questions", "consult", "take_away"] * 3,
    ]
    assert sum(phase["actual_s"] for phase in told["phases"]) == pytest.approx(1800, rel=0.1)
    assert told["log"]["replay_equal"] is True


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_eight_managers_play_ninety_minutes() -> None:
    status, told, _ = simulate("--script", "codev-90", "--no-media", "--speed", "300", timeout_s=110)
    assert told["errors"] == []
    assert status == 0
    assert told["seats"] == 9
    assert sum(phase["actual_s"] for phase in told["phases"]) == pytest.approx(5400, rel=0.1)
    assert told["captures"] == {"contract": True, "actions": 1, "learnings": 8}


@pytest.mark.slow
@pytest.mark.timeout(280)
def test_eight_managers_see_and_hear_each_other_through_the_whole_script() -> None:
    status, told, _ = simulate("--managers", "8", "--speed", "60", timeout_s=270)
    check_the_session(told, 8)
    of_media = ["cosession.simulate.media_process"] * 2
    assert [each["name"] for each in told["memory"]["managers"]] == ["cosession.cli", *of_media]
    assert told["media"]["packets_heard_without_floor"] == 0
    assert told["media"]["min_video_frames_decoded"] > 300
    assert told["media"]["min_audio_s_heard"] > 15
    assert status == 0


def test_options_that_cannot_be_are_named_all_at_once() -> None:
    command = [sys.executable, "-m", "cosession.cli", "simulate", "--managers", "2", "--speed", "0", "--language", "xx"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1
    assert done.stdout == ""
    wrong = ("--managers: 3 to 12", "--speed: 1 to 600", "--language: one of fr, ")
    assert all(word in done.stderr for word in wrong)


def test_a_server_that_is_not_there_is_said_plainly() -> None:
    command = [
        sys.executable,
        "-m",
        "cosession.cli",
        "simulate",
        "--no-media",
        "--url",
        "http://127.0.0.1:9",
        "--token",
        "x",
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1
    assert done.stdout == ""
    assert "no answer at /in" in done.stderr
    assert "Traceback" not in done.stderr
