"""The master key file, and the bytes that are hashed and sealed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from cosession.room.ports import Unavailable
from cosession.store.chain import first_link, frame, link
from cosession.store.keys import load_master_key, seal, unseal

parts = st.lists(
    st.none() | st.integers() | st.text(st.characters(exclude_categories=["Cs"])) | st.binary(), max_size=4
)


def test_a_missing_key_is_made_once(tmp_path: Path) -> None:
    path = tmp_path / "secrets" / "master.key"
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(load_master_key, [path] * 8))
    assert keys == {path.read_bytes()}
    assert len(path.read_bytes()) == 32
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_a_key_of_another_length_is_refused(tmp_path: Path, length: int) -> None:
    path = tmp_path / "master.key"
    path.write_bytes(bytes(length))
    path.chmod(0o600)
    with pytest.raises(Unavailable, match="not 32 bytes long") as failure:
        load_master_key(path)
    assert str(path) in str(failure.value)
    assert path.read_bytes() == bytes(length)


@pytest.mark.parametrize("mode", [0o604, 0o644, 0o602, 0o666])
def test_a_key_that_all_can_read_or_write_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "master.key"
    load_master_key(path)
    path.chmod(mode)
    with pytest.raises(Unavailable, match=f"chmod 600 {path}"):
        load_master_key(path)


def test_a_key_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    for path in (tmp_path / "file" / "master.key", tmp_path):
        with pytest.raises(Unavailable, match="cannot be read or created") as failure:
            load_master_key(path)
        assert str(path) in str(failure.value)


@given(parts, parts)
def test_frames_of_different_parts_differ(
    one: list[str | int | bytes | None], other: list[str | int | bytes | None]
) -> None:
    same = [(type(part), part) for part in one] == [(type(part), part) for part in other]
    assert (frame(*one) == frame(*other)) == same


def test_parts_do_not_run_into_each_other() -> None:
    assert (
        len({frame("ab", "c"), frame("a", "bc"), frame("abc"), frame("abc", ""), frame("abc", None), frame(b"abc")})
        == 6
    )
    assert frame(1, "é", None) == b"i\0\0\0\0\0\0\0\x011" + b"s\0\0\0\0\0\0\0\x02\xc3\xa9" + b"n" + bytes(8)


def test_the_chain_is_what_it_was() -> None:
    """Pinned: a log that was written must verify for ever."""
    start = first_link("s")
    assert start.hex() == "6528708ea7503a5402db8acaf75639c8c695330cf4cd2f8f7b52fbbba3727fbe"
    assert (
        link(start, 1, "t", 2, "{}", "seat", 1, b"x").hex()
        == "aaca7ae2c6db27975ddd132396962de34a2431a35f71145adbe9ca9078d00950"
    )


@given(st.binary(max_size=40), st.integers(0, 1000))
def test_a_seal_opens_in_its_place_only(plain: bytes, position: int) -> None:
    key = AESGCM(bytes(32))
    sealed = seal(key, plain, b"here")
    assert unseal(key, sealed, b"here") == plain
    changed = bytearray(sealed)
    changed[position % len(sealed)] ^= 1
    for key_, bytes_, place in (
        (key, sealed, b"there"),
        (AESGCM(bytes(31) + b"1"), sealed, b"here"),
        (key, bytes(changed), b"here"),
    ):
        with pytest.raises(InvalidTag):
            unseal(key_, bytes_, place)
    assert seal(key, plain, b"here") != sealed
