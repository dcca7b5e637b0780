"""Every setting of the server, in one place: environment variables with the prefix `COSESSION_`.

The server reads the environment nowhere else. `deploy/settings.md` is the sheet for operators, a test holds it to this
list. All wrong settings are named at once, each with its fix.
"""

from __future__ import annotations

import difflib
import ipaddress
import os
import re
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

PREFIX = "COSESSION_"


class WrongSettings(Exception):
    """One line for each wrong setting."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


class Address(NamedTuple):
    """Where to listen. Port 0 takes any free one."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def only_here(self) -> bool:
        """Reachable from this machine only."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


def _address(value: Any) -> Address:
    if isinstance(value, Address):
        return value
    host, separator, port = str(value).removesuffix("/udp").rpartition(":")
    if not separator or not port.isascii() or not port.isdigit() or int(port) > 65535 or not host.strip("[]"):
        raise ValueError("is not host:port, for instance 127.0.0.1:8000")
    return Address(host.strip("[]"), int(port))


def _base_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment:
        raise ValueError("is not the address of a site, for instance https://codev.example.org")
    if parts.path not in ("", "/"):
        raise ValueError("has a path: cosession wants a host name of its own, for instance https://codev.example.org")
    return f"{parts.scheme}://{parts.netloc}"


def _ip(value: str) -> str:
    try:
        return str(ipaddress.ip_address(value))
    except ValueError:
        raise ValueError("is not an IP address, for instance 203.0.113.7") from None


class TurnUrl(NamedTuple):
    """A TURN server as browsers are told of it (RFC 7065)."""

    scheme: Literal["turn", "turns"]
    host: str
    port: int
    transport: Literal["udp", "tcp"]

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}:{host}:{self.port}?transport={self.transport}"


_TURN_URL = re.compile(r"(turns?):(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+)(?::([0-9]{1,5}))?(?:\?transport=(udp|tcp))?")
#: Chromium silently makes no allocation at any other port below 1024.
TURN_LOW_PORTS = (53, 80, 443)


def _turn_urls(value: Any) -> tuple[TurnUrl, ...]:
    if not isinstance(value, str):
        return tuple(value)
    return tuple(_turn_url(part.strip()) for part in value.split(",") if part.strip())


def _turn_url(text: str) -> TurnUrl:
    found = _TURN_URL.fullmatch(text)
    if found is None:
        raise ValueError(
            "is not a list of addresses like turn:turn.example.org:3478?transport=udp or "
            f"turns:turn.example.org:443?transport=tcp (wrong: {text!r})"
        )
    scheme: Literal["turn", "turns"] = "turn" if found[1] == "turn" else "turns"
    port = int(found[3] or (3478 if scheme == "turn" else 5349))
    said = found[4] or ("udp" if scheme == "turn" else "tcp")
    transport: Literal["udp", "tcp"] = "udp" if said == "udp" else "tcp"
    if not 0 < port < 65536:
        raise ValueError(f"has a port that there is not (wrong: {text!r})")
    if port < 1024 and port not in TURN_LOW_PORTS:
        raise ValueError(
            f"has port {port}, which Chromium never uses and does not say so: below 1024 only 53, 80 and 443 work "
            f"(wrong: {text!r})"
        )
    if scheme == "turns" and transport == "udp":
        raise ValueError(f"has turns: over UDP, which browsers do not speak: turns: goes over TCP (wrong: {text!r})")
    return TurnUrl(scheme, found[2].strip("[]"), port, transport)


#: Fewer characters could be guessed from one credential that somebody was given.
_SECRET_CHARACTERS = 16


def _secret_file(path: Path) -> Path:
    fix = "write one with: openssl rand -hex 32 > FILE"
    try:
        secret = path.read_bytes().strip()
    except OSError as error:
        raise ValueError(f"is a file that cannot be read ({error.strerror}): {fix}") from None
    if not secret:
        raise ValueError(f"is an empty file: {fix}")
    if not re.fullmatch(rb"[A-Za-z0-9+/=_.-]+", secret):
        raise ValueError(f"is a file with more than one word of letters, digits and +/=_.-: {fix}")
    if len(secret) < _SECRET_CHARACTERS:
        raise ValueError(f"is a file with a secret of under {_SECRET_CHARACTERS} characters: {fix}")
    return path


def _networks(value: Any) -> tuple[Network, ...]:
    if not isinstance(value, str):
        return tuple(value)
    try:
        return tuple(ipaddress.ip_network(part.strip()) for part in value.split(",") if part.strip())
    except ValueError:
        raise ValueError("is not a list of IP addresses or networks, for instance 127.0.0.1,10.0.0.0/24") from None


def _said(networks: tuple[Network, ...]) -> str:
    return ",".join(str(each.network_address if each.num_addresses == 1 else each) for each in networks)


def _listed(urls: tuple[TurnUrl, ...]) -> str:
    return ",".join(map(str, urls))


Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Networks = Annotated[tuple[Network, ...], NoDecode, BeforeValidator(_networks), PlainSerializer(_said, return_type=str)]
TurnUrls = Annotated[
    tuple[TurnUrl, ...], NoDecode, BeforeValidator(_turn_urls), PlainSerializer(_listed, return_type=str)
]
SecretFile = Annotated[Path, AfterValidator(_secret_file)]
Listen = Annotated[Address, NoDecode, BeforeValidator(_address), PlainSerializer(str, return_type=str)]
BaseUrl = Annotated[str, AfterValidator(_base_url)]
IpAddress = Annotated[str, AfterValidator(_ip)]


class Settings(BaseSettings):
    """The field's name in capitals, after `COSESSION_`, is the variable; its description is what the sheet says."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid", env_ignore_empty=True)

    bind: Listen = Field(
        default=Address("127.0.0.1", 8000),
        description="Where managers and facilitators reach the pages: host:port. Behind a reverse proxy that adds "
        "HTTPS, leave it on 127.0.0.1.",
    )
    public_url: BaseUrl | None = Field(
        default=None,
        description="The address people type, for instance https://codev.example.org. Personal links begin with it. "
        "Unset: the address by which a page was asked for.",
    )
    trusted_proxies: Networks = Field(
        default=_networks("127.0.0.1,::1"),
        description="The reverse proxy's addresses or networks, with commas. What these say in X-Forwarded-For and "
        "X-Forwarded-Proto is believed, what anybody else says is not. See nginx.conf.",
    )
    connections_per_address: int = Field(
        default=1000,
        ge=16,
        le=60_000,
        description="How many connections one address may have, sockets of rooms included; a company's people may all "
        "have one. Beyond it the oldest that waits for its browser makes room. A page has up to seven for a moment, "
        "then one.",
    )
    ops_bind: Listen = Field(
        default=Address("127.0.0.1", 8001),
        description="Where operators reach the board, the probes and the metrics: host:port. Never publish it.",
    )
    data: Path = Field(
        default=Path("data"),
        description="The folder of the database. It is created if it is missing, and must be backed up.",
    )
    master_key: Path | None = Field(
        default=None,
        description="The file of the master key, 32 bytes, created if there is no data yet. Unset: master.key in the "
        "data folder. Without it nothing that was written can be read: back it up apart from the data.",
    )
    media_bind: Listen = Field(
        default=Address("::", 8002),
        description="Where sound and pictures arrive: host:port, UDP. Managers' browsers must reach it. The first "
        "media worker has this port, each further one the next. [::] is all addresses, of IPv6 and IPv4.",
    )
    media_tcp_port: int | None = Field(
        default=None,
        ge=0,
        le=65535,
        description="The TCP port for browsers whose network lets no UDP through; further workers have the next ones. "
        "Unset: the number of COSESSION_MEDIA_BIND. 0: no TCP.",
    )
    media_workers: int = Field(
        default=0,
        ge=0,
        le=64,
        description="How many processes carry sound and pictures; 0: one per processor core.",
    )
    media_native: bool = Field(
        default=True,
        description="0 sends sound and pictures by Python alone, also where the helper in C was built.",
    )
    media_public_address: IpAddress | None = Field(
        default=None,
        description="The IP address under which browsers reach the media port, if it is not one of this machine's own "
        "(behind address translation).",
    )
    turn_urls: TurnUrls = Field(
        default=(),
        description="The TURN servers of browsers whose network lets neither UDP nor the media's TCP port through, "
        "with commas, for instance turn:turn.example.org:3478?transport=udp,turns:turn.example.org:443?transport=tcp. "
        "See coturn.md; `cosession turn config` writes the relay's file. Unset: no relay.",
    )
    turn_secret_file: SecretFile | None = Field(
        default=None,
        description="The file of the secret that cosession shares with the TURN servers, one line. Browsers get "
        "credentials made with it, never the secret.",
    )
    backup_line: str | None = Field(
        default=None,
        max_length=120,
        description="A telephone conference or another place to talk, shown in the room while nobody's sound gets "
        "through, for instance 01 23 45 67 89, code 4711#.",
    )
    rehearsal: bool = Field(
        default=False,
        description="1 allows sessions that run faster than real time, with a banner. For rehearsals and tests.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="What is logged on stderr: debug, info, warning or error."
    )
    log_format: Literal["auto", "console", "json"] = Field(
        default="auto", description="console, json, or auto: console on a terminal, JSON elsewhere."
    )

    @property
    def master_key_path(self) -> Path:
        return self.master_key or self.data / "master.key"

    def turn_secret(self) -> bytes:
        """Empty without a file. Raises OSError if it has gone meanwhile."""
        return b"" if self.turn_secret_file is None else self.turn_secret_file.read_bytes().strip()


def load(**overrides: Any) -> Settings:
    """The settings of this process, by field name where given, else from the environment. Raises `WrongSettings` with a
    line for each wrong one. May be repeated."""
    known = [PREFIX + name.upper() for name in Settings.model_fields]
    lines = [
        f"{variable}: there is no such setting, did you mean {near[0]}?"
        for variable in sorted(os.environ)
        if variable.startswith(PREFIX)
        and variable not in known
        and (near := difflib.get_close_matches(variable, known, n=1, cutoff=0.85))
    ]
    try:
        settings = Settings(**overrides)
    except ValidationError as error:
        lines += [_line(problem["loc"], problem["msg"], problem["input"]) for problem in error.errors()]
        raise WrongSettings(lines) from None
    if settings.turn_urls and settings.turn_secret_file is None:
        lines.append(f"{PREFIX}TURN_SECRET_FILE: is not set, and {PREFIX}TURN_URLS is: a relay lets nobody in without")
    if settings.turn_secret_file is not None and not settings.turn_urls:
        lines.append(f"{PREFIX}TURN_URLS: is not set, and {PREFIX}TURN_SECRET_FILE is: browsers would not know a relay")
    if lines:
        raise WrongSettings(lines)
    return settings


def _line(place: tuple[int | str, ...], message: str, value: object) -> str:
    said = message.removeprefix("Value error, ").removeprefix("Input should be ")
    said = said.replace("a valid boolean, unable to interpret input", "0 or 1")
    said = said if said.startswith(("is ", "has ")) else f"should be {said}"
    return f"{PREFIX}{str(place[0]).upper()}: {str(value)!r} {said}"


def redacted(settings: Settings) -> list[tuple[str, str]]:
    """Each variable and its value, for people. Secrets are no settings (the master key is a file), and an address may
    carry credentials: those are blotted out."""
    rows = []
    for name in Settings.model_fields:
        value = getattr(settings, name)
        text = "" if value is None else "1" if value is True else "0" if value is False else str(value)
        if name == "trusted_proxies":
            text = _said(value)
        if name == "turn_urls":
            text = _listed(value)
        if name == "public_url" and "@" in text:
            text = f"{urlsplit(text).scheme}://…@{text.rpartition('@')[2]}"
        rows.append((PREFIX + name.upper(), text))
    return rows


def sheet() -> str:
    """`deploy/settings.md`: what an operator can set, in Markdown."""
    rows = [
        f"| `{PREFIX}{name.upper()}` | {_default(field.default)} | {field.description} |"
        for name, field in Settings.model_fields.items()
    ]
    return "\n".join(
        [
            "# Settings",
            "",
            "Environment variables, read once at the start. `cosession config` prints those in force; wrong ones are",
            "all named at once, and the server does not start. `cosession config --sheet` writes this sheet.",
            "",
            "| variable | unless set | what it does |",
            "|---|---|---|",
            *rows,
            "",
        ]
    )


def _default(value: object) -> str:
    if isinstance(value, tuple) and not isinstance(value, Address):
        value = _said(value)
    return "–" if value in (None, "") else f"`{int(value) if isinstance(value, bool) else value}`"
