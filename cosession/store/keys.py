"""Who can read what: AES-256-GCM, a key for each seat of each session (decision 9).

The master key, a file, wraps the key of a session; that one wraps the keys of its seats; they seal contents and drafts.
The additional data of every seal say where it belongs, so nothing can be moved to another place. Sealed bytes are a
random nonce of 12 bytes, the ciphertext, and its tag of 16 bytes. Erasing a person means forgetting their key: see
`forget`.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, bindparam, insert, or_, select, update

from cosession.room.ports import Unavailable
from cosession.store.chain import frame
from cosession.store.schema import keys

KEY_BYTES = 32
NONCE_BYTES = 12

#: How it shows that stored bytes are not what was written.
MISFITS = (ValueError, TypeError, KeyError, InvalidTag)

#: Where the seal belongs by which a database knows its master key (`schema.master_proof`).
PROOF_PLACE = frame("master key")

_KEYS = select(keys.c.owner, keys.c.generation, keys.c.wrapped).where(keys.c.session == bindparam("session"))
_KEYS_OF_SEVERAL = select(keys).where(keys.c.session.in_(bindparam("some", expanding=True)))


def load_master_key(path: Path) -> bytes:
    """The 32 bytes of the master key file. A missing file is created, for its owner only, complete or not at all: look
    first whether there is data that has a key (`opening.belong_together`). Raises `Unavailable("store_unwritable")`
    with a sentence that names the file and the fix."""
    key = read_master_key(path)
    if key is None:
        with _named(path):
            _create(path)
        key = read_master_key(path)
    if key is None:
        raise Unavailable("store_unwritable", f"the master key {path} vanished as soon as it was made: start again")
    return key


def read_master_key(path: Path) -> bytes | None:
    """The key, or None if there is no such file; changes nothing. Raises as `load_master_key`."""
    with _named(path):
        try:
            file = path.open("rb")
        except FileNotFoundError:
            return None
        with file:
            open_to_all = os.fstat(file.fileno()).st_mode & 0o007
            key = file.read(KEY_BYTES + 1)
    if open_to_all:
        raise Unavailable(
            "store_unwritable", f"the master key {path} is open to every user of this machine: chmod 600 {path}"
        )
    if len(key) != KEY_BYTES:
        raise Unavailable(
            "store_unwritable",
            f"the master key {path} is not {KEY_BYTES} bytes long: put the right file back; "
            "without it, what was written with it cannot be read",
        )
    return key


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """An error of the system, with the file and the fix."""
    try:
        yield
    except OSError as error:
        raise Unavailable(
            "store_unwritable",
            f"the master key {path} cannot be read or created ({error.strerror}): "
            "give this user access to it, or name another place",
        ) from error


def _create(path: Path) -> None:
    """Write a new key beside `path`, then link it into place: whoever is first wins, and nobody sees half a key."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(fresh, path)
        except FileExistsError:
            return
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    finally:
        fresh.unlink()


def seal(key: AESGCM, plain: bytes, place: bytes) -> bytes:
    """`plain`, sealed for one `place`."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + key.encrypt(nonce, plain, place)


def unseal(key: AESGCM, sealed: bytes, place: bytes) -> bytes:
    """What was sealed. Raises `cryptography.exceptions.InvalidTag` for another key, another place, or a changed byte,
    `ValueError` for what is too short to be a seal."""
    return key.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], place)


class Keyring:
    """The keys of one session as they are in one transaction; never kept beyond it, so an erasure is always seen."""

    def __init__(self, connection: Connection, master: AESGCM, session: str, rows: Iterable[Any] | None = None) -> None:
        """`rows`: its keys as they are stored, if they were read already."""
        self._connection = connection
        self._master = master
        self._session = session
        if rows is None:
            rows = connection.execute(_KEYS, {"session": session})
        self._wrapped: dict[tuple[str, int], bytes | None] = {}
        self._newest: dict[str, int] = {}
        for row in rows:
            self._wrapped[row.owner, row.generation] = row.wrapped
            self._newest[row.owner] = max(row.generation, self._newest.get(row.owner, 0))
        self._open: dict[tuple[str, int], AESGCM] = {}

    @classmethod
    def of_several(cls, connection: Connection, master: AESGCM, sessions: Sequence[str]) -> dict[str, Keyring]:
        """The keyrings of some hundred sessions at most, by one question."""
        rows: dict[str, list[Any]] = {session: [] for session in sessions}
        for row in connection.execute(_KEYS_OF_SEVERAL, {"some": sessions}):
            rows[row.session].append(row)
        return {session: cls(connection, master, session, found) for session, found in rows.items()}

    def newest(self, owner: str | None) -> int:
        """The generation of the owner's newest key, 0 if there never was one."""
        return self._newest.get(owner or "", 0)

    def was_erased(self, owner: str | None) -> bool:
        """Whether a key of the owner was ever forgotten."""
        name = owner or ""
        return any(known == name and wrapped is None for (known, _), wrapped in self._wrapped.items())

    def to_write(self, owner: str | None) -> tuple[int, AESGCM]:
        """The owner's newest key and its generation; made if there is none, or if it was erased."""
        generation = self.newest(owner)
        key = self.to_read(owner, generation) if generation else None
        return (generation, key) if key else self._add(owner, generation + 1)

    def to_read(self, owner: str | None, generation: int) -> AESGCM | None:
        """One key, or None if it was erased. `KeyError` if there never was one; `InvalidTag` if it is damaged."""
        place = (owner or "", generation)
        wrapped = self._wrapped[place]
        if wrapped is None:
            return None
        if place not in self._open:
            self._open[place] = AESGCM(unseal(self._wrapping(owner), wrapped, self._place(*place)))
        return self._open[place]

    def _wrapping(self, owner: str | None) -> AESGCM:
        """What a key is wrapped with: those of seats with the session's, the session's with the master key."""
        if owner is None:
            return self._master
        key = self.to_read(None, self.newest(None))
        if key is None:
            raise KeyError("a seat has a key, but its session has none")
        return key

    def _add(self, owner: str | None, generation: int) -> tuple[int, AESGCM]:
        place = (owner or "", generation)
        wrapping = self._master if owner is None else self.to_write(None)[1]
        key = secrets.token_bytes(KEY_BYTES)
        wrapped = seal(wrapping, key, self._place(*place))
        self._connection.execute(
            insert(keys).values(session=self._session, owner=place[0], generation=generation, wrapped=wrapped)
        )
        self._wrapped[place] = wrapped
        self._newest[place[0]] = generation
        self._open[place] = AESGCM(key)
        return generation, self._open[place]

    def _place(self, name: str, generation: int) -> bytes:
        return _key_place(self._session, name, generation)


def _key_place(session: str, name: str, generation: int) -> bytes:
    return frame("key", session, name, generation)


def proves(master: AESGCM, proof: bytes | None, sessions: Sequence[tuple[str, int, bytes]]) -> bool | None:
    """Whether this is the master key of a database; None if nothing in it was sealed with one. `proof` is its
    `master_proof`, `sessions` are some keys of sessions as they are stored: id, generation, wrapped. Raises
    `InvalidTag` if the key is right and the proof is damaged."""
    if proof is not None and _opens(master, proof, PROOF_PLACE):
        return True
    opened = [_opens(master, wrapped, _key_place(session, "", generation)) for session, generation, wrapped in sessions]
    if proof is not None and any(opened):
        raise InvalidTag
    return any(opened) if opened or proof is not None else None


def _opens(key: AESGCM, sealed: bytes, place: bytes) -> bool:
    try:
        unseal(key, sealed, place)
    except MISFITS:  # a flipped byte can make a text or a number of a sealed value
        return False
    return True


def forget(connection: Connection, session: str, owner: str | None) -> None:
    """Delete an owner's keys, those of its parts included (`p1.client` is a part of `p1`), or with None all keys of the
    session. May be repeated."""
    theirs = update(keys).filter_by(session=session)
    if owner is not None:
        theirs = theirs.where(or_(keys.c.owner == owner, keys.c.owner.startswith(f"{owner}.", autoescape=True)))
    connection.execute(theirs.values(wrapped=None))
