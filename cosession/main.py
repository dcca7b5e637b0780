"""The only place where the parts are put together: store, media plane, rooms, pages. Tests come in by the same door
and may bring a clock and a media engine of their own.

`Application` is everything but the network; `Listening` adds the two addresses, signals and a clean stop.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import fcntl
import os
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from datetime import tzinfo
from functools import partial
from io import FileIO
from pathlib import Path
from time import monotonic

import structlog
import uvicorn
from starlette.applications import Starlette

from cosession import assets
from cosession.authoring.scripts import read_all
from cosession.doors.http import PatientHTTP
from cosession.doors.visits import OPS_CONNECTIONS, OWN_DESCRIPTORS, Limits, Visits, raise_descriptors
from cosession.doors.websocket import PacedWebSocket
from cosession.i18n.words import read_words
from cosession.media.configured import media_engine
from cosession.media.embedded.sockets import reaches_nobody
from cosession.ops.app import OpsParts
from cosession.ops.app import build as build_ops
from cosession.ops.counting import Answers
from cosession.pages.login import Kind, SignIn
from cosession.pages.render import Pages
from cosession.room.clock import SystemClock
from cosession.room.directory import Directory
from cosession.room.ice_servers import IceServers
from cosession.room.ports import Clock, MediaEngine, Unavailable
from cosession.room.session_time import mark
from cosession.room.summaries import Summaries
from cosession.room.trials import Trials
from cosession.server.app import build as build_server
from cosession.server.invitations import Invitations
from cosession.server.parts import Parts
from cosession.settings import Address, Settings
from cosession.store.eventlog import SqliteEventLog
from cosession.store.keys import load_master_key
from cosession.store.opening import belong_together
from cosession.store.registry import Registry

log = structlog.get_logger("cosession.main")

DATABASE = "cosession.db"
#: A stop is clean and takes at most this long.
STOP_S = 5.0
#: Larger frames are cut by the socket itself; smaller ones that are still too large get an answer (decision 17).
FRAME_BYTES = 256 * 1024
#: Connections that the kernel takes for us, and how many of them we take in one turn of the loop.
BACKLOG = 1024
TAKEN_AT_ONCE = 32


class CannotStart(Exception):
    """One line: what stands in the way, and the fix."""


class Application:
    """Raises `CannotStart` if the store, the scripts or the built pages cannot be opened. `start` and `stop` it
    once."""

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Clock | None = None,
        media: MediaEngine | None = None,
        zone: tzinfo | None = None,
    ) -> None:
        self.settings = settings
        self.clock: Clock = clock or SystemClock()
        self.media: MediaEngine = media or media_engine(settings)
        scripts, wrong = read_all(assets.protocols())
        for line in wrong:
            log.error("script.left_out", reason=line)
        if not scripts:
            reason = "; ".join(wrong) or "the folder is empty"
            raise CannotStart(f"no script in {assets.protocols()} can be used: {reason}")
        with plainly(), contextlib.ExitStack() as undo:
            pages = Pages(assets.templates(), assets.web_dist(), read_words(assets.locales(), "pages"), zone)
            app_words = read_words(assets.locales(), "cosession")
            relays, secret = [str(url) for url in settings.turn_urls], settings.turn_secret()
            belong_together(settings.data / DATABASE, settings.master_key_path)
            self._lock = undo.enter_context(sole_server(settings.data))
            key = load_master_key(settings.master_key_path)
            self.log = SqliteEventLog.open(settings.data / DATABASE, key)
            undo.pop_all()
        try:
            self.log.database.in_use(True)
        except Unavailable as failure:  # what can be read is served all the same
            log.warning("store.not_marked", code=failure.code)
        self.registry = Registry(self.log.database, self.clock)
        ice = IceServers(relays, secret)
        self.rooms = Directory(
            self.log, self.media, self.clock, rehearsal=settings.rehearsal, ice=ice, build=pages.build
        )
        self.answers = Answers()
        descriptors = raise_descriptors() - OWN_DESCRIPTORS - OPS_CONNECTIONS
        limits = Limits.within(max(OPS_CONNECTIONS, descriptors), settings.connections_per_address)
        self.visits = Visits(limits, settings.trusted_proxies, self.answers.ended, monotonic)
        ops_limits = Limits(OPS_CONNECTIONS, OPS_CONNECTIONS, OPS_CONNECTIONS)
        self.ops_visits = Visits(ops_limits, settings.trusted_proxies, self.answers.ended, monotonic)
        self._ops = OpsParts(
            pages=pages,
            rooms=self.rooms,
            media=self.media,
            sign_in=SignIn(self.registry, "ops"),
            store_writes=lambda: self.log.alive(mark(self.clock)),
            answers=self.answers,
            main_url=settings.public_url or _here(settings.bind),
            visits=self.visits,
            reaches_nobody=partial(reaches_nobody, settings.media_bind.host, settings.media_public_address),
        )
        self.ops: Starlette = build_ops(self._ops)
        self.server: Starlette = build_server(
            Parts(
                pages=pages,
                rooms=self.rooms,
                registry=self.registry,
                invitations=Invitations(key),
                sign_in=SignIn(self.registry, "facilitator", settings.public_url),
                scripts=scripts,
                app_words=app_words,
                clock=self.clock,
                zone=zone,
                public_url=settings.public_url,
                ops_url=_here(settings.ops_bind),
                rehearsal=settings.rehearsal,
                backup_line=settings.backup_line or "",
                trials=Trials(self.media, self.clock),
                ice=ice,
                media_ports=_media_ports(settings),
                answered=self.answers.count,
                closed=self.answers.count_close,
                unwelcomed=self.answers.count_unwelcomed,
                overtaken=self.answers.count_overtaken,
            )
        )

    async def start(self) -> None:
        """Start the media plane and begin to bring back the rooms that were open. Raises `CannotStart`."""
        with plainly():
            await self.media.start(self.rooms)
            await self.rooms.recover()
        self._ops.pulse.start()

    async def stop(self) -> None:
        """Sockets are closed with 1012, so that browsers come back by themselves; then everything else, in order."""
        self._ops.pulse.stop()
        await self.rooms.close()
        await self.media.stop()
        with contextlib.suppress(Unavailable):  # files that are gone, or a full disk: the next start looks closely
            await asyncio.to_thread(self.log.database.in_use, False)
        await self.log.close()
        self._lock.close()

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[Application]:
        await self.start()
        try:
            yield self
        finally:
            await self.stop()


class Listening:
    """An application on its two addresses. Raises `CannotStart` for a port that is taken."""

    def __init__(self, settings: Settings) -> None:
        self._main = bound(settings.bind, "COSESSION_BIND")
        self._ops = bound(settings.ops_bind, "COSESSION_OPS_BIND")
        self.settings = settings.model_copy(update={"bind": _address(self._main), "ops_bind": _address(self._ops)})
        self.application = Application(self.settings)

    async def serve(self) -> None:
        """Serve until SIGTERM or SIGINT; two lines with sign-in links on stdout say that it is ready."""
        application = self.application
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for caught in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(caught, stop.set)
        async with application.running():
            servers = [
                _Uvicorn(application.server, application.visits),
                _Uvicorn(application.ops, application.ops_visits),
            ]
            tasks = [
                asyncio.create_task(server.serve([listener]))
                for server, listener in zip(servers, (self._main, self._ops), strict=True)
            ]
            labels: list[tuple[Kind, str]] = [("facilitator", "Facilitator"), ("ops", "Operations")]
            for kind, label in labels:
                print(f"{label:<13}{await self.link(kind)}", flush=True)  # noqa: T201 - the result of the command
            for line in warnings(self.settings):
                log.warning("serve.notice", notice=line)
            log.info("serve.ready", bind=str(_address(self._main)), ops_bind=str(_address(self._ops)))
            await stop.wait()
            log.info("serve.stopping")
            # Rooms first: their sockets close with 1012 before uvicorn cuts what is left.
            await application.rooms.close()
            for server in servers:
                server.should_exit = True
            await asyncio.wait(tasks, timeout=STOP_S - 2)

    async def link(self, kind: Kind) -> str:
        """A new link, which ends those that earlier starts printed and nobody used."""
        return _absolute(self.settings, kind, await self.application.registry.new_login_link(kind, printed=True))


def _absolute(settings: Settings, kind: Kind, token: str) -> str:
    """The address of a sign-in link; the listeners are where the settings say."""
    base = settings.public_url or _here(settings.bind) if kind == "facilitator" else _here(settings.ops_bind)
    return f"{base}/in/{token}"


async def new_link(settings: Settings, kind: Kind) -> str:
    """A sign-in link made beside a running server, or without one. Raises `CannotStart`."""
    async with _store(settings) as store:
        return _absolute(settings, kind, await Registry(store.database).new_login_link(kind))


async def reindexed(settings: Settings) -> dict[str, str | None]:
    """Makes the summaries of all sessions anew, beside a running server or without one: by session None, or why it
    cannot be read. Raises `CannotStart`."""
    async with _store(settings) as store:
        return await Summaries(store).rebuild()


@contextlib.asynccontextmanager
async def _store(settings: Settings) -> AsyncIterator[SqliteEventLog]:
    with plainly():
        belong_together(settings.data / DATABASE, settings.master_key_path)
        store = SqliteEventLog.open(settings.data / DATABASE, load_master_key(settings.master_key_path))
        try:
            yield store
        finally:
            with contextlib.ExitStack() as undo:
                with contextlib.suppress(CannotStart, Unavailable):
                    undo.enter_context(sole_server(settings.data))
                    store.database.in_use(False)  # no server runs: who goes last folds the log into the file
                await store.close()


def warnings(settings: Settings) -> list[str]:
    """What works and will surprise somebody."""
    lines = []
    secure = settings.public_url is not None and settings.public_url.startswith("https:")
    if not settings.bind.only_here and not secure:
        lines.append(
            "pages opened over plain HTTP from another machine get no camera and no microphone from the browser: "
            "put HTTPS in front and name it in COSESSION_PUBLIC_URL"
        )
    media_ports = {
        settings.media_bind.port,
        settings.media_bind.port if settings.media_tcp_port is None else settings.media_tcp_port,
    }
    if any(0 < port < 1024 for port in media_ports):
        lines.append(
            "a media port below 1024 needs a right that the systemd unit does not give, and browsers refuse some of "
            "them (Chromium TCP 443 on private addresses): take one above, and a relay on 443 (deploy/coturn.md)"
        )
    if not settings.ops_bind.only_here:
        lines.append("the operators' address is open to other machines: COSESSION_OPS_BIND=127.0.0.1:8001 closes it")
    if settings.rehearsal:
        lines.append("this is a rehearsal server: sessions may run faster than real time")
    return lines


def bound(address: Address, setting: str) -> socket.socket:
    """A listening socket. Raises `CannotStart` naming the setting and the fix."""
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    try:
        return socket.create_server((address.host, address.port), family=family, backlog=BACKLOG)
    except OSError as error:
        taken = error.errno == errno.EADDRINUSE
        fix = "another server is running there: stop it, or choose another port" if taken else "choose another address"
        raise CannotStart(f"{setting}: cannot listen on {address} ({error.strerror}): {fix}") from None


class _Uvicorn(uvicorn.Server):
    """Signals belong to `Listening`: there are two of these in one process."""

    def __init__(self, application: Starlette, visits: Visits) -> None:
        self._visits = visits
        super().__init__(
            uvicorn.Config(
                application,
                http=partial(PatientHTTP, visits),  # type: ignore[arg-type]
                ws=partial(PacedWebSocket, visits),  # type: ignore[arg-type]
                ws_max_size=FRAME_BYTES,
                ws_ping_interval=None,  # the room sends its own signs of life
                ws_per_message_deflate=False,
                forwarded_allow_ips=[str(network) for network in visits.proxies],
                backlog=TAKEN_AT_ONCE,
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=2,
            )
        )

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for listener in sockets or ():
            listener.listen(BACKLOG)
        self._visits.start()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await super().shutdown(sockets)
        self._visits.stop()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _media_ports(settings: Settings) -> dict[str, tuple[int, int]] | None:
    """The first and the last port of all media workers; None if they take any free ones."""
    if settings.media_bind.port == 0:
        return None
    more = (settings.media_workers or len(os.sched_getaffinity(0))) - 1
    udp = settings.media_bind.port
    tcp = udp if settings.media_tcp_port is None else settings.media_tcp_port
    return {"udp": (udp, udp + more), "tcp": (tcp, tcp + more)}


def _address(listener: socket.socket) -> Address:
    host, port = listener.getsockname()[:2]
    return Address(str(host), int(port))


def _here(address: Address) -> str:
    """How this machine reaches an address; browsers take localhost for secure."""
    host = "localhost" if address.host in ("0.0.0.0", "::", "127.0.0.1", "::1") else address.host
    return f"http://{Address(host, address.port)}"


def sole_server(data: Path) -> FileIO:
    """A session must never live in two processes: one server for a data folder. Released when the process ends."""
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = FileIO(data / "server.lock", "w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise CannotStart(f"another server uses the data folder {data}: stop it, or set COSESSION_DATA") from None
    return file


@contextlib.contextmanager
def plainly() -> Iterator[None]:
    """What a part says when it cannot start, as one line."""
    try:
        yield
    except Unavailable as error:
        raise CannotStart(str(error)) from error
    except assets.AssetsMissing as error:
        raise CannotStart(str(error)) from error
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        raise CannotStart(f"{where}{error.strerror}: give this user write access, or set COSESSION_DATA") from error
