"""What `cosession turn config` writes, and a real coturn with it: who gets in, and where to."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aioice import stun, turn
from typer.testing import CliRunner

from cosession.cli import app
from cosession.media.coturn import CannotWrite, config
from cosession.room.clock import SystemClock
from cosession.room.ice_servers import IceServers
from cosession.settings import Address, Settings, WrongSettings, load
from tests.coturn import Coturn, certify, free_port

SECRET = "of-the-house-0123456789"
MINUTE_MS = 60_000


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    file = tmp_path / "secret"
    file.write_text(f"{SECRET}\n")
    return file


def settings(secret: Path, urls: str, **more: Any) -> Settings:
    return load(turn_urls=urls, turn_secret_file=secret, **more)


def lines(text: str, key: str) -> list[str]:
    return [line.partition("=")[2] for line in text.splitlines() if line.partition("=")[0] == key]


def test_the_relay_reaches_the_media_servers_addresses_and_nothing_else(secret: Path) -> None:
    text = config(settings(secret, "turn:turn.example.org", media_bind=Address("192.0.2.7", 8002)))
    assert lines(text, "allowed-peer-ip") == ["192.0.2.7"]
    assert lines(text, "denied-peer-ip") == ["0.0.0.0-255.255.255.255", "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"]
    switches = set(text.splitlines())
    assert switches >= {"no-cli", "no-multicast-peers", "no-tcp-relay", "no-dtls", "use-auth-secret"}
    assert switches >= {"no-tcp", "no-tls"}, "what no address names is not listened to"
    assert not switches & {"no-udp", "allow-loopback-peers"}
    assert lines(text, "static-auth-secret") == [SECRET]
    assert lines(text, "realm") == ["turn.example.org"]


def test_the_public_address_is_allowed_too_and_loopback_only_if_there_is_nothing_else(secret: Path) -> None:
    behind = settings(secret, "turn:turn.example.org", media_public_address="203.0.113.7")
    allowed = lines(config(behind), "allowed-peer-ip")
    assert allowed[0] == "203.0.113.7"
    assert "127.0.0.1" not in allowed
    here = config(settings(secret, "turn:turn.example.org", media_bind=Address("127.0.0.1", 0)))
    assert lines(here, "allowed-peer-ip") == ["127.0.0.1"]
    assert "allow-loopback-peers" in here.splitlines()
    elsewhere = config(behind, media=["198.51.100.4", "2001:db8::4"], listen=["198.51.100.9"])
    assert lines(elsewhere, "allowed-peer-ip") == ["198.51.100.4", "2001:db8::4"]
    assert lines(elsewhere, "listening-ip") == ["198.51.100.9"]


def test_the_page_for_operators_shows_the_file_as_it_is_written(secret: Path, tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "deploy" / "coturn.md").read_text(encoding="utf-8")
    urls = page.partition("COSESSION_TURN_URLS=")[2].partition("\n")[0]
    files = {"/etc/turn/fullchain.pem": tmp_path / "c.pem", "/etc/turn/privkey.pem": tmp_path / "k.pem"}
    for file in files.values():
        file.touch()
    wanted = settings(secret, urls, media_bind=Address("203.0.113.7", 8002))
    certificate, key = files.values()
    text = config(wanted, certificate=certificate, key=key).replace(SECRET, "…")
    for said, file in files.items():
        text = text.replace(str(file), said)
    assert text in page


def test_all_that_is_missing_is_said_at_once(secret: Path, tmp_path: Path) -> None:
    with pytest.raises(CannotWrite) as nothing:
        config(load())
    assert [line.partition(" ")[0] for line in nothing.value.lines] == [
        "COSESSION_TURN_URLS",
        "COSESSION_TURN_SECRET_FILE",
    ]
    urls = "turn:t.example.org:3478,turn:t.example.org:80?transport=tcp,turns:t.example.org:443"
    with pytest.raises(CannotWrite) as much:
        config(settings(secret, urls), key=tmp_path / "none.pem", media=["here"])
    assert [line.partition(":")[0] for line in much.value.lines] == [
        "COSESSION_TURN_URLS",
        "--cert",
        "--key",
        "--media",
    ]
    assert "these name 80 and 3478" in much.value.lines[0]
    assert "there is no file" in much.value.lines[2]
    with pytest.raises(CannotWrite, match="no absolute path"):
        config(settings(secret, "turns:t.example.org:443"), certificate=Path("c.pem"), key=Path("k.pem"))
    with pytest.raises(WrongSettings):
        settings(tmp_path / "none", "turn:t.example.org")


def test_the_verb_writes_a_file_for_its_owner_alone(
    secret: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COSESSION_TURN_URLS", "turn:turn.example.org")
    monkeypatch.setenv("COSESSION_TURN_SECRET_FILE", str(secret))
    out = tmp_path / "turnserver.conf"
    done = CliRunner().invoke(app, ["turn", "config", "--out", str(out)])
    assert (done.exit_code, done.stdout) == (0, f"{out}\n")
    assert out.stat().st_mode & 0o777 == 0o600
    assert out.read_text() == CliRunner().invoke(app, ["turn", "config"]).stdout
    out.chmod(0o640)
    assert CliRunner().invoke(app, ["turn", "config", "--out", str(out)]).exit_code == 0
    assert out.stat().st_mode & 0o777 == 0o640
    wrong = CliRunner().invoke(app, ["turn", "config", "--media", "here", "--out", str(tmp_path / "not" / "there")])
    assert wrong.exit_code == 1
    assert "--media: 'here' is not an IP address" in wrong.stderr


@pytest.fixture
async def relay(secret: Path, tmp_path: Path) -> AsyncIterator[int]:
    """A coturn on loopback, before a media server there; its port."""
    port = free_port()
    certificate, key = certify(tmp_path)
    urls = f"turn:localhost:{port},turn:localhost:{port}?transport=tcp,turns:localhost:{free_port()}"
    wanted = settings(secret, urls, media_bind=Address("127.0.0.1", 0))
    running = Coturn(tmp_path, config(wanted, certificate=certificate, key=key, listen=["127.0.0.1"]))
    await running.start()
    yield port
    await running.kill()


def credential(seat: str, *, secret: str = SECRET, minutes: int = 10) -> tuple[str, str]:
    """As `welcome` would tell it now."""
    now_ms = SystemClock().wall_ms()
    (server,) = IceServers(["turn:localhost"], secret.encode()).of("abcdef", seat, now_ms + minutes * MINUTE_MS)
    return server.username, server.credential


@contextlib.asynccontextmanager
async def allocated(port: int, name: str, password: str, transport: str) -> AsyncIterator[Any]:
    """An allocation, as what sends requests in it. Raises `stun.TransactionFailed` if it is refused."""
    made, _ = await turn.create_turn_endpoint(
        asyncio.DatagramProtocol, ("127.0.0.1", port), name, password, transport=transport
    )
    try:
        yield made._TurnTransport__inner_protocol  # type: ignore[attr-defined]
    finally:
        made.close()


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_a_seat_gets_in_and_reaches_the_media_server_alone(relay: int, transport: str) -> None:
    async with allocated(relay, *credential("p1"), transport) as seat:
        answers = {}
        for peer in (
            "127.0.0.1",
            "127.0.0.2",
            "10.0.0.1",
            "8.8.8.8",
            "0.0.0.0",
            "224.0.0.1",
            "::1",
            "::ffff:127.0.0.1",
        ):
            request = stun.Message(stun.Method.CREATE_PERMISSION, stun.Class.REQUEST)
            request.attributes["XOR-PEER-ADDRESS"] = (peer, 9)
            try:
                await seat.request_with_retry(request)
                answers[peer] = 0
            except stun.TransactionFailed as refused:
                answers[peer] = refused.response.attributes["ERROR-CODE"][0]
    forbidden, other_family = 403, 443
    assert answers.pop("127.0.0.1") == 0
    assert answers.pop("::1") == answers.pop("::ffff:127.0.0.1") == other_family
    assert set(answers.values()) == {forbidden}


async def test_a_credential_that_is_stale_foreign_or_anothers_is_refused(relay: int) -> None:
    name, password = credential("p1")
    for wrong in (
        credential("p1", minutes=-1),
        credential("p1", secret="of-another-house"),
        (name.replace("p1", "p2"), password),
        (name.replace("abcdef", "ghijkl"), password),
        (f"{int(name.partition(':')[0]) + 3600}:abcdef.p1", password),
    ):
        with pytest.raises(stun.TransactionFailed) as refused:
            async with allocated(relay, *wrong, "udp"):
                pytest.fail(f"{wrong[0]} got in")
        assert refused.value.response.attributes["ERROR-CODE"][0] == 401
