"""Settings: all that is wrong at once, each with its mend; nothing secret is printed; the sheet lists them all."""

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


def test_what_will_surprise_somebody_is_said() -> None:
    everywhere = Address("0.0.0.0", 8000)
    assert warnings(Settings()) == []
    (line,) = warnings(Settings(bind=everywhere))
    assert "no camera" in line
    assert "COSESSION_PUBLIC_URL" in line
    assert warnings(Settings(bind=everywhere, public_url="https://codev.example.org")) == []
    assert "plain HTTP" in warnings(Settings(bind=everywhere, public_url="http://codev.example.org"))[0]
    assert "COSESSION_OPS_BIND" in warnings(Settings(ops_bind=everywhere))[0]


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
