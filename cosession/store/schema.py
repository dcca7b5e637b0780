"""The tables, as the queries see them. What creates and changes them are the files in `migrations/versions`.

Clear text is limited to opaque ids, types, times, sequence numbers and an event's `meta`. Names, titles and texts exist
only inside `ciphertext` (decision 9), secrets of links and cookies only as SHA-256.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    insert,
    update,
)

metadata = MetaData()

#: One row per stream: where it ends, so that a lost tail is noticed, and whether recovery still has to look at it.
streams = Table(
    "streams",
    metadata,
    Column("session", String(64), primary_key=True),
    Column("last_seq", BigInteger, nullable=False),
    Column("last_hash", LargeBinary(32), nullable=False),
    Column("finished", Boolean, nullable=False),
)

#: `meta` is the text that was hashed, byte for byte. `generation` says which key of the owner sealed the content.
events = Table(
    "events",
    metadata,
    Column("session", String(64), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("type", String(64), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("meta", Text, nullable=False),
    Column("owner", String(64)),
    Column("generation", Integer),
    Column("ciphertext", LargeBinary),
    Column("hash", LargeBinary(32), nullable=False),
)

commands = Table(
    "commands",
    metadata,
    Column("session", String(64), primary_key=True),
    Column("seat", String(64), primary_key=True),
    Column("command_id", String(64), primary_key=True),
    Column("seq", BigInteger, nullable=False),
)

#: `owner` is a seat, or empty for the session's own key. An erased key keeps its row with `wrapped` null: that is how
#: erased content is told from damage. What is written after an erasure gets a key of the next generation.
keys = Table(
    "keys",
    metadata,
    Column("session", String(64), primary_key=True),
    Column("owner", String(64), primary_key=True),
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("wrapped", LargeBinary),
)

drafts = Table(
    "drafts",
    metadata,
    Column("session", String(64), primary_key=True),
    Column("seat", String(64), primary_key=True),
    Column("capture", String(64), primary_key=True),
    Column("ciphertext", LargeBinary, nullable=False),
)

#: What lists show of a session, made from its events (decision 40). `programme` is its group, never null.
summaries = Table(
    "summaries",
    metadata,
    Column("session", String(64), primary_key=True),
    Column("format", Integer, nullable=False),
    Column("status", String(16), nullable=False),
    Column("starts_wall_ms", BigInteger, nullable=False),
    Column("programme", String(64), nullable=False, index=True),
    Column("number", Integer, nullable=False),
    Column("meta", Text, nullable=False),
)

#: The names and the title in a summary, each sealed with the newest key of its owner; empty for the session's own.
summary_contents = Table(
    "summary_contents",
    metadata,
    Column("session", String(64), primary_key=True),
    Column("owner", String(64), primary_key=True),
    Column("ciphertext", LargeBinary, nullable=False),
)

#: One row, written by the living process (decision 4).
process = Table(
    "process",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("boot_id", String(64), nullable=False),
    Column("boottime_ms", BigInteger, nullable=False),
    Column("wall_ms", BigInteger, nullable=False),
)

#: One row: something that only the right master key opens, so that a wrong one is said when opening.
master_proof = Table(
    "master_proof",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("proof", LargeBinary, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column("session", String(64), primary_key=True),
    Column("created_wall_ms", BigInteger, nullable=False),
    Column("starts_wall_ms", BigInteger, nullable=False),
    Column("owner", String(64), nullable=False, index=True),
)

#: Only the generation of an invitation is stored (decision 13); no row means generation 0, not revoked.
links = Table(
    "links",
    metadata,
    Column("session", String(64), primary_key=True),
    Column("seat", String(64), primary_key=True),
    Column("generation", Integer, nullable=False),
    Column("revoked", Boolean, nullable=False),
)

#: A link for signing in, and once it was used the sign-in. `printed`: by a start, not asked for.
logins = Table(
    "logins",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("token_sha256", LargeBinary(32), nullable=False, unique=True),
    Column("secret_sha256", LargeBinary(32), unique=True),
    Column("made_wall_ms", BigInteger, nullable=False),
    Column("used_wall_ms", BigInteger),
    Column("printed", Boolean, nullable=False),
    Column("ended", Boolean, nullable=False),
)


def put(connection: Connection, table: Table, where: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """Change the row, or make it: in the one writing transaction nobody comes between."""
    if not connection.execute(update(table).filter_by(**where).values(**values)).rowcount:
        connection.execute(insert(table).values(**where, **values))
