"""What was sealed opens whole and in order, or not at all."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus_platform.database import new_id
from isthmus_platform.encryption import Corrupt, Vault, VersionKey

OWNER = UUID(int=1)
VAULT = Vault(b"m" * 32)
WRAPPED = VAULT.new_owner_key(OWNER)
streams = st.lists(st.binary(min_size=1, max_size=40), min_size=1, max_size=6)
versions = st.uuids()


def key_of(version_id: UUID) -> VersionKey:
    return VAULT.version_key(OWNER, WRAPPED, version_id)


def opens(key: VersionKey, chunks: list[bytes]) -> bool:
    try:
        list(key.open(chunks))
    except Corrupt:
        return False
    return True


@given(streams, versions)
def test_what_is_sealed_opens_to_the_same_pieces(pieces: list[bytes], version_id: UUID) -> None:
    key = key_of(version_id)
    sealed = list(key.seal(pieces))
    assert list(key.open(sealed)) == pieces
    assert not any(piece in chunk for piece, chunk in zip(pieces, sealed, strict=True) if len(piece) > 4)


@given(streams, versions, st.data())
def test_any_flipped_bit_is_detected(pieces: list[bytes], version_id: UUID, data: st.DataObject) -> None:
    key = key_of(version_id)
    sealed = [bytearray(chunk) for chunk in key.seal(pieces)]
    chunk = sealed[data.draw(st.integers(0, len(sealed) - 1))]
    bit = data.draw(st.integers(0, len(chunk) * 8 - 1))
    chunk[bit // 8] ^= 1 << bit % 8
    assert not opens(key, [bytes(chunk) for chunk in sealed])


@given(streams, versions, st.data())
def test_any_truncation_is_detected(pieces: list[bytes], version_id: UUID, data: st.DataObject) -> None:
    key = key_of(version_id)
    sealed = list(key.seal(pieces))
    assert not opens(key, sealed[: data.draw(st.integers(0, len(sealed) - 1))])
    assert not opens(key, [*sealed[:-1], sealed[-1][: data.draw(st.integers(0, len(sealed[-1]) - 1))]])


@given(streams, versions, st.data())
def test_any_other_order_or_repetition_is_detected(
    pieces: list[bytes], version_id: UUID, data: st.DataObject
) -> None:
    key = key_of(version_id)
    sealed = list(key.seal(pieces))
    order = data.draw(st.lists(st.integers(0, len(sealed) - 1), min_size=1, max_size=8))
    if order != list(range(len(sealed))):
        assert not opens(key, [sealed[place] for place in order])


@given(streams, versions, versions)
def test_a_chunk_of_another_version_is_detected(pieces: list[bytes], one: UUID, other: UUID) -> None:
    if one != other:
        assert not opens(key_of(one), list(key_of(other).seal(pieces)))


def test_no_plaintext_is_given_out_before_its_chunk_is_verified() -> None:
    key = key_of(new_id())
    first, second, last = key.seal([b"one", b"two", b"three"])
    opened = key.open([first, second[:-1] + bytes([second[-1] ^ 1]), last])
    assert next(opened) == b"one"
    with pytest.raises(Corrupt):
        next(opened)


def test_an_owners_key_opens_for_that_owner_and_that_master_key_alone() -> None:
    version_id = new_id()
    with pytest.raises(Corrupt):
        VAULT.version_key(UUID(int=2), WRAPPED, version_id)
    with pytest.raises(Corrupt):
        Vault(b"n" * 32).version_key(OWNER, WRAPPED, version_id)
    with pytest.raises(Corrupt):
        VAULT.version_key(OWNER, b"", version_id)


def test_keys_do_not_appear_when_printed() -> None:
    assert "mmmm" not in repr(VAULT)
    assert repr(key_of(OWNER)) == f"VersionKey(version_id={OWNER!r})"


def test_a_master_key_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Vault(b"short")
