"""Sessions, invitations and sign-ins beside the log."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from cosession.room.clock import SystemClock
from cosession.room.ports import Conflict
from cosession.store.eventlog import SqliteEventLog
from cosession.store.logins import IDLE_MS, KEPT_MS
from cosession.store.registry import Registry, SeatLink, SessionRow
from tests.room.bench import FakeClock
from tests.store.conftest import MASTER_KEY, on_disk


@pytest.fixture
def registry(log: SqliteEventLog) -> Registry:
    return Registry(log.database)


async def test_a_session_has_an_owner_and_one_row(registry: Registry) -> None:
    await registry.add_session("early", 2, 1_000, "me")
    await registry.add_session("other", 3, 1_500, "you")
    assert await registry.session("other") == SessionRow("other", 3, 1_500, "you")
    assert await registry.session("none") is None
    with pytest.raises(Conflict):
        await registry.add_session("early", 2, 1_000, "you")


async def test_each_renewal_ends_the_links_before(registry: Registry) -> None:
    assert await registry.seat_link("s", "a") == SeatLink(0, revoked=False)
    assert await registry.generation("s", "a") == 0
    assert [await registry.renew("s", "a") for _ in range(3)] == [1, 2, 3]
    assert await registry.seat_link("s", "a") == SeatLink(3, revoked=False)
    assert await registry.seat_link("s", "b") == SeatLink(0, revoked=False)
    assert await registry.seat_link("t", "a") == SeatLink(0, revoked=False)


async def test_a_revoked_seat_has_no_link_until_renewed(registry: Registry) -> None:
    await registry.revoke("s", "a")
    await registry.revoke("s", "a")
    revoked = await registry.seat_link("s", "a")
    assert revoked.revoked
    generation = await registry.renew("s", "a")
    assert generation > revoked.generation > 0
    assert await registry.seat_link("s", "a") == SeatLink(generation, revoked=False)


async def test_a_sign_in_link_belongs_to_the_first_browser(registry: Registry) -> None:
    token = await registry.new_login_link("facilitator")
    results = await asyncio.gather(*(registry.bind_login(token) for _ in range(4)))
    assert sorted(result.outcome for result in results) == ["bound", "link_used", "link_used", "link_used"]
    [bound] = [result for result in results if result.outcome == "bound"]
    assert bound.secret is not None
    assert bound.login is not None
    assert bound.login.kind == "facilitator"
    assert await registry.login(bound.secret) == bound.login
    assert await registry.bind_login(token, bound.secret) == bound
    assert (await registry.bind_login(token, "another")).outcome == "link_used"


async def test_links_are_apart(registry: Registry) -> None:
    assert (await registry.bind_login("made up")).outcome == "link_unknown"
    assert await registry.login("made up") is None
    assert await registry.login("") is None
    assert await registry.login("\ud83d") is None
    facilitator = await registry.bind_login(await registry.new_login_link("facilitator"))
    ops_token = await registry.new_login_link("ops")
    assert (await registry.bind_login(ops_token, facilitator.secret)).login != facilitator.login
    assert (await registry.bind_login(ops_token)).outcome == "link_used"


async def test_only_hashes_of_secrets_are_kept_and_they_last(
    log: SqliteEventLog, registry: Registry, path: Path
) -> None:
    token = await registry.new_login_link("ops")
    bound = await registry.bind_login(token)
    await registry.renew("s", "a")
    assert bound.secret is not None
    await log.close()
    assert token.encode() not in on_disk(path)
    assert bound.secret.encode() not in on_disk(path)
    again = SqliteEventLog.open(path, MASTER_KEY)
    registry = Registry(again.database)
    assert await registry.login(bound.secret) == bound.login
    assert await registry.generation("s", "a") == 1
    await again.close()


async def test_sign_ins_of_an_earlier_version_stay_and_its_unused_links_end_with_the_next_start(
    log: SqliteEventLog, registry: Registry, path: Path
) -> None:
    bound = await registry.bind_login(await registry.new_login_link("facilitator"))
    unused = await registry.new_login_link("ops")
    assert bound.secret is not None
    await log.close()
    with closing(sqlite3.connect(path, isolation_level=None)) as earlier:
        for column in ("made_wall_ms", "used_wall_ms", "printed", "ended"):
            earlier.execute(f"ALTER TABLE logins DROP COLUMN {column}")
        for table in ("summaries", "summary_contents"):
            earlier.execute(f"DROP TABLE {table}")
        earlier.execute("UPDATE alembic_version SET version_num = '0001'")
    again = SqliteEventLog.open(path, MASTER_KEY)
    clock = FakeClock()
    clock.wall_offset_ms = SystemClock().wall_ms() - clock.monotonic_ms()
    registry = Registry(again.database, clock)
    assert await registry.login(bound.secret) == bound.login
    assert await registry.look_at_login_link(unused, "ops") == "open"
    clock.wall_offset_ms += IDLE_MS - 60_000
    assert await registry.login(bound.secret) == bound.login, "counted from the migration"
    await registry.new_login_link("ops", printed=True)
    assert await registry.look_at_login_link(unused, "ops") == "link_ended"
    clock.wall_offset_ms += IDLE_MS
    assert await registry.login(bound.secret) is None
    await again.close()


async def test_what_ended_long_ago_is_forgotten(log: SqliteEventLog) -> None:
    clock = FakeClock()
    registry = Registry(log.database, clock)
    idle, unused = await registry.new_login_link("ops"), await registry.new_login_link("ops")
    await registry.bind_login(idle)
    clock.wall_offset_ms += KEPT_MS + 1
    kept = await registry.new_login_link("ops", printed=True)
    assert [await registry.look_at_login_link(token, "ops") for token in (idle, unused, kept)] == [
        "link_unknown",
        "link_unknown",
        "open",
    ]
