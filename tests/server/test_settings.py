"""Settings: all that is wrong at once, each with its fix; nothing secret is printed; the sheet lists them all."""

from __future__ import annotations

from pathlib import Path

import pytest

from cosession.main import Application, CannotStart, warnings
from cosession.settings import Address, Settings, WrongSettings, load, redacted, sheet

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"COSESSION_{name.upper()}", raising=False)


def test_without_any_setting_it_serves_on_this_machine_only() -> None:
    settings = load()
    assert settings.bind == Address("127.0.0.1", 8000)
    assert settings.bind.only_here
    assert settings.master_key_path == Path("data/master.key")


def test_all_wrong_settings_are_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable, value in {
        "BIND": "8000",
        "OPS_BIND": "127.0.0.1:99999",
        "PUBLIC_URL": "codev.example.org",
        "MEDIA_PUBLIC_ADDRESS": "here",
        "REHEARSAL": "perhaps",
        "LOG_LEVEL": "loud",
        "DATTA": "x",
        "CHROMIUM": "/usr/bin/chromium",
    }.items():
        monkeypatch.setenv(f"COSESSION_{variable}", value)
    with pytest.raises(WrongSettings) as wrong:
        load()
    lines = {line.partition(":")[0]: line for line in wrong.value.lines}
    assert set(lines) == {
        f"COSESSION_{name}"
        for name in ("BIND", "OPS_BIND", "PUBLIC_URL", "MEDIA_PUBLIC_ADDRESS", "REHEARSAL", "LOG_LEVEL", "DATTA")
    }
    assert "for instance 127.0.0.1:8000" in lines["COSESSION_BIND"]
    assert "did you mean COSESSION_DATA?" in lines["COSESSION_DATTA"]
    assert "'0 or 1'" not in lines["COSESSION_REHEARSAL"]
    assert lines["COSESSION_REHEARSAL"].endswith("should be 0 or 1")


def test_addresses_are_read_as_people_write_them(monkeypatch: pytest.MonkeyPatch) -> None:
    for text, expected, only_here in (
        ("0.0.0.0:8002/udp", Address("0.0.0.0", 8002), False),
        ("[::1]:0", Address("::1", 0), True),
        ("localhost:80", Address("localhost", 80), True),
        ("codev.example.org:80", Address("codev.example.org", 80), False),
    ):
        monkeypatch.setenv("COSESSION_BIND", text)
        assert load().bind == expected
        assert load().bind.only_here is only_here


def test_credentials_in_an_address_are_not_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COSESSION_PUBLIC_URL", "https://claire:hunter2@codev.example.org/")
    printed = dict(redacted(load()))
    assert "hunter2" not in str(printed)
    assert printed["COSESSION_PUBLIC_URL"].endswith("@codev.example.org")


@pytest.mark.parametrize(
    ("urls", "said"),
    [
        ("turn:turn.example.org", "turn:turn.example.org:3478?transport=udp"),
        ("turn:turn.example.org?transport=tcp", "turn:turn.example.org:3478?transport=tcp"),
        ("turns:turn.example.org", "turns:turn.example.org:5349?transport=tcp"),
        (
            "turn:203.0.113.7:80, turns:[2001:db8::1]:443,",
            "turn:203.0.113.7:80?transport=udp,turns:[2001:db8::1]:443?transport=tcp",
        ),
    ],
)
def test_turn_servers_are_read_as_browsers_write_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, urls: str, said: str
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("0123456789abcdef0123456789abcdef\n")
    monkeypatch.setenv("COSESSION_TURN_URLS", urls)
    monkeypatch.setenv("COSESSION_TURN_SECRET_FILE", str(secret))
    settings = load()
    assert ",".join(map(str, settings.turn_urls)) == said
    assert settings.turn_secret() == b"0123456789abcdef0123456789abcdef"
    printed = dict(redacted(settings))
    assert printed["COSESSION_TURN_URLS"] == said
    assert "0123456789" not in str(printed)


@pytest.mark.parametrize(
    ("urls", "because"),
    [
        ("https://turn.example.org", "is not a list of addresses like turn:"),
        ("stun:turn.example.org", "is not a list of addresses like turn:"),
        ("turn:turn.example.org?transport=sctp", "is not a list of addresses like turn:"),
        ("turn:turn.exämple.org", "is not a list of addresses like turn:"),
        ("turn:turn.example.org:99999", "has a port that there is not"),
        ("turns:turn.example.org:444", "has port 444, which Chromium never uses and does not say so"),
        ("turn:turn.example.org:3478,turn:turn.example.org:25", "has port 25, which Chromium never uses"),
        ("turns:turn.example.org:443?transport=udp", "has turns: over UDP, which browsers do not speak"),
    ],
)
def test_a_turn_server_that_browsers_would_not_use_is_refused(
    monkeypatch: pytest.MonkeyPatch, urls: str, because: str
) -> None:
    monkeypatch.setenv("COSESSION_TURN_URLS", urls)
    with pytest.raises(WrongSettings) as wrong:
        load()
    (line,) = wrong.value.lines
    assert line.startswith("COSESSION_TURN_URLS: ")
    assert because in line


@pytest.mark.parametrize(
    ("content", "because"),
    [
        (None, "is a file that cannot be read (No such file or directory)"),
        ("", "is an empty file"),
        (" \n", "is an empty file"),
        ("0123456789abcdef\n0123456789abcdef\n", "is a file with more than one word"),
        ("s3cret", "is a file with a secret of under 16 characters"),
    ],
)
def test_a_secret_that_is_none_is_refused_and_not_shown(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str | None, because: str
) -> None:
    secret = tmp_path / "turn"
    if content is not None:
        secret.write_text(content)
    monkeypatch.setenv("COSESSION_TURN_URLS", "turn:turn.example.org")
    monkeypatch.setenv("COSESSION_TURN_SECRET_FILE", str(secret))
    with pytest.raises(WrongSettings) as wrong:
        load()
    (line,) = wrong.value.lines
    assert line.startswith("COSESSION_TURN_SECRET_FILE: ")
    assert because in line
    assert "openssl rand -hex 32" in line
    assert "s3cret" not in line


def test_a_relay_needs_both_its_addresses_and_its_secret(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("0123456789abcdef")
    for name, value, missing in (
        ("TURN_URLS", "turn:turn.example.org", "COSESSION_TURN_SECRET_FILE: is not set"),
        ("TURN_SECRET_FILE", str(secret), "COSESSION_TURN_URLS: is not set"),
    ):
        with monkeypatch.context() as only:
            only.setenv(f"COSESSION_{name}", value)
            with pytest.raises(WrongSettings) as wrong:
                load()
        assert [line for line in wrong.value.lines if missing in line] == wrong.value.lines


def test_what_will_surprise_somebody_is_said() -> None:
    everywhere = Address("0.0.0.0", 8000)
    assert warnings(Settings()) == []
    (line,) = warnings(Settings(bind=everywhere))
    assert "no camera" in line
    assert "COSESSION_PUBLIC_URL" in line
    assert warnings(Settings(bind=everywhere, public_url="https://codev.example.org")) == []
    assert "plain HTTP" in warnings(Settings(bind=everywhere, public_url="http://codev.example.org"))[0]
    assert "COSESSION_OPS_BIND" in warnings(Settings(ops_bind=everywhere))[0]
    for low in (Settings(media_bind=Address("::", 443)), Settings(media_tcp_port=443)):
        assert "a media port below 1024" in warnings(low)[0]
    assert warnings(Settings(media_tcp_port=0)) == []


def test_the_sheet_lists_every_setting_as_it_is() -> None:
    written = (ROOT / "deploy" / "settings.md").read_text(encoding="utf-8")
    assert written == sheet(), "run `cosession config --sheet`"
    for name, field in Settings.model_fields.items():
        assert f"`COSESSION_{name.upper()}`" in written
        assert field.description


def test_a_start_that_fails_lets_the_data_folder_go(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "data")
    settings.data.mkdir()
    settings.master_key_path.write_bytes(b"short")
    settings.master_key_path.chmod(0o600)
    for _ in range(2):
        with pytest.raises(CannotStart, match="is not 32 bytes long"):
            Application(settings)
