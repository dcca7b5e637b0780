"""The command line as a person runs it: a real process, its two lines, its errors, its end."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.server.conftest import setup

COMMAND = [sys.executable, "-m", "cosession.cli"]
#: Each starts processes of its own.
pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]


def environment(data: Path, **settings: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("COSESSION_")}
    free = {"BIND": "127.0.0.1:0", "OPS_BIND": "127.0.0.1:0", "MEDIA_BIND": "127.0.0.1:0"}
    return {**kept, **{f"COSESSION_{k}": v for k, v in {"DATA": str(data), **free, **settings}.items()}}


def run(*arguments: str, data: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments],
        env=environment(data, **settings),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def close_code(connection: ClientConnection) -> int | None:
    """Reads until the server closes."""
    try:
        while True:
            connection.recv(timeout=10)
    except ConnectionClosed:
        return connection.protocol.close_code


def test_reindex_makes_all_summaries_anew_and_names_what_cannot_be_read(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    for name in ("cosession.db", "master.key"):
        shutil.copy(ROOT / "tests" / "golden" / "format-1" / name, data / name)
    (data / "master.key").chmod(0o600)
    for _ in range(2):
        whole = run("store", "reindex", data=data)
        assert (whole.returncode, whole.stdout, whole.stderr) == (0, "4 sessions\n", "")
    with closing(sqlite3.connect(data / "cosession.db", isolation_level=None)) as other:
        other.execute("UPDATE events SET type = 'no_such_event' WHERE session = 'whole' AND seq = 3")
    damaged = run("store", "reindex", data=data)
    assert (damaged.returncode, damaged.stdout) == (1, "3 sessions\n")
    assert "whole: event 3" in damaged.stderr.replace("session whole: event 3", "whole: event 3")
    nothing = run("store", "reindex", data=tmp_path / "new", BIND="nonsense")
    assert nothing.returncode == 1
    assert "COSESSION_BIND" in nothing.stderr


def test_serve_prints_two_links_works_and_stops_within_five_seconds(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [*COMMAND, "serve"],
        env=environment(tmp_path / "data"),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        lines = [process.stdout.readline().rstrip("\n") for _ in range(2)]
        facilitator = re.fullmatch(r"Facilitator  (http://localhost:\d+/in/\S+)", lines[0])
        operations = re.fullmatch(r"Operations   (http://localhost:(\d+)/in/\S+)", lines[1])
        assert facilitator is not None, lines
        assert operations is not None, lines
        with httpx.Client(follow_redirects=True) as browser:
            page = browser.post(facilitator[1])
            assert page.status_code == 200
            assert "Vos séances" in page.text
            board = browser.post(operations[1])
            assert "Tout est calme" in board.text
            assert browser.get(f"http://localhost:{operations[2]}/readyz").text == "ok\n"
            base = facilitator[1].partition("/in/")[0]
            made = browser.post(f"{base}/sessions", json=setup()).json()
            place = browser.get(made["links"][1]["link"]).url
            cookie = next(cookie.value for cookie in browser.cookies.jar if cookie.path == place.path)
        again = run("serve", data=tmp_path / "data")
        assert again.returncode == 1
        assert "another server uses the data folder" in again.stderr
        more = run("link", data=tmp_path / "data", PUBLIC_URL="https://codev.example.org")
        assert re.fullmatch(r"https://codev.example.org/in/\S+\n", more.stdout), "beside a running server"
        room = f"ws://localhost:{place.port}{place.path}/socket"
        with connect(room, additional_headers={"Cookie": f"cosession_seat={cookie}"}) as browser_socket:
            browser_socket.send('{"type":"hello","tab":"tab-of-test","epoch":0,"place":"room"}')
            browser_socket.recv(timeout=10)
            process.send_signal(signal.SIGTERM)
            asked = time.monotonic()
            assert close_code(browser_socket) == 1012, "browsers come back by themselves"
        rest, logged = process.communicate(timeout=15)
        assert time.monotonic() - asked < 5.0
        assert process.returncode == 0, logged
        assert rest == "", "results only on stdout"
        assert "Traceback" not in logged
        for link in (facilitator[1], operations[1]):
            assert link.rpartition("/")[2] not in logged
    finally:
        process.kill()
        process.communicate()


def test_a_busy_port_is_one_line_and_status_1(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        for setting in ("BIND", "OPS_BIND"):
            done = run("serve", data=tmp_path / "data", **{setting: address})
            assert done.returncode == 1
            assert done.stdout == ""
            (line,) = done.stderr.strip().splitlines()
            assert line.startswith(f"cosession: COSESSION_{setting}: cannot listen on {address}")
            assert "choose another port" in line


def test_a_busy_media_port_is_one_line_and_status_1(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        done = run("serve", data=tmp_path / "data", MEDIA_BIND=f"127.0.0.1:{port}")
    assert done.returncode == 1
    assert done.stdout == ""
    said = [line for line in done.stderr.splitlines() if line.startswith("cosession: ")]
    assert len(said) == 1, done.stderr
    assert str(port) in said[0]
    assert "Traceback" not in done.stderr


def test_an_unwritable_data_folder_is_one_line_and_status_1(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    done = run("serve", data=tmp_path / "file" / "data")
    assert done.returncode == 1
    (line,) = done.stderr.strip().splitlines()
    assert line.startswith("cosession: ")
    assert str(tmp_path / "file") in line
    assert "COSESSION_DATA" in line


def test_wrong_settings_are_all_named_and_nothing_starts(tmp_path: Path) -> None:
    for verb in ("serve", "config"):
        done = run(verb, data=tmp_path / "data", BIND="x", LOG_LEVEL="loud")
        assert done.returncode == 1
        assert done.stdout == ""
        assert len(done.stderr.strip().splitlines()) == 2
    assert not (tmp_path / "data").exists()


def test_config_prints_the_settings_in_force(tmp_path: Path) -> None:
    done = run("config", data=tmp_path / "data", REHEARSAL="1")
    assert done.returncode == 0
    assert "COSESSION_REHEARSAL=1\n" in done.stdout
    assert f"COSESSION_DATA={tmp_path / 'data'}\n" in done.stdout


def test_the_wire_has_not_drifted_and_a_drift_is_said(tmp_path: Path) -> None:
    assert run("schema", "--check", data=tmp_path).returncode == 0
    drifted = tmp_path / "wire.gen.ts"
    drifted.write_text((ROOT / "web" / "src" / "wire.gen.ts").read_text() + "\n")
    done = run("schema", "--check", "--out", str(drifted), data=tmp_path)
    assert done.returncode == 1
    assert "run `cosession schema`" in done.stderr
    assert run("schema", "--out", str(drifted), data=tmp_path).returncode == 0
    assert drifted.read_text() == (ROOT / "web" / "src" / "wire.gen.ts").read_text()


@pytest.mark.parametrize("good", [True, False])
def test_script_checks_a_file(tmp_path: Path, good: bool) -> None:
    file = tmp_path / "codev-75.yaml"
    text = (ROOT / "protocols" / "codev-75.yaml").read_text(encoding="utf-8")
    file.write_text(text if good else text.replace("minutes: 5", "minutes: -5"), encoding="utf-8")
    done = run("script", "check", str(file), str(tmp_path / "none.yaml"), data=tmp_path)
    assert done.returncode == 1, "one of them does not exist"
    assert ("10 phases, 75 minutes" in done.stdout) is good
    assert ("codev-75.yaml:" in done.stderr) is not good
    assert "none.yaml: No such file" in done.stderr
