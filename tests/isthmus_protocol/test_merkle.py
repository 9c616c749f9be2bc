"""Merkle proofs: published ones verify, ours are those of the standard's definition, a wrong one fails."""

import json
from base64 import b64decode
from collections.abc import Sequence
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus_protocol.merkle import (
    EMPTY_ROOT,
    ProofError,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root_of,
    verify_consistency,
    verify_inclusion,
)

LEAVES = [leaf_hash(bytes([number])) for number in range(70)]
ROOTS = [root_of(LEAVES[:size]) for size in range(len(LEAVES) + 1)]


def split(size: int) -> int:
    power = 1
    while power * 2 < size:
        power *= 2
    return power


def defined_root(leaves: Sequence[bytes]) -> bytes:
    """RFC 9162 section 2.1.1, word by word."""
    if len(leaves) == 1:
        return leaves[0]
    k = split(len(leaves))
    return node_hash(defined_root(leaves[:k]), defined_root(leaves[k:]))


def defined_path(m: int, leaves: Sequence[bytes]) -> list[bytes]:
    """RFC 9162 section 2.1.3.1, word by word."""
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if m < k:
        return [*defined_path(m, leaves[:k]), defined_root(leaves[k:])]
    return [*defined_path(m - k, leaves[k:]), defined_root(leaves[:k])]


def defined_subproof(m: int, leaves: Sequence[bytes], complete: bool) -> list[bytes]:
    """RFC 9162 section 2.1.4.1, word by word."""
    if m == len(leaves):
        return [] if complete else [defined_root(leaves)]
    k = split(len(leaves))
    if m <= k:
        return [*defined_subproof(m, leaves[:k], complete), defined_root(leaves[k:])]
    return [*defined_subproof(m - k, leaves[k:], False), defined_root(leaves[:k])]


def published(folder: Path) -> list[dict[str, object]]:
    return [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))]


def decoded(values: object) -> list[bytes]:
    assert values is None or isinstance(values, list)
    return [b64decode(value) for value in values or []]


def test_published_inclusion_proofs_verify(transparency: Path) -> None:
    vectors = published(transparency / "inclusion")
    assert vectors
    for vector in vectors:
        verify_inclusion(
            b64decode(str(vector["leafHash"])),
            int(str(vector["leafIdx"])),
            int(str(vector["treeSize"])),
            decoded(vector["proof"]),
            b64decode(str(vector["root"])),
        )


def test_published_consistency_proofs_verify(transparency: Path) -> None:
    vectors = published(transparency / "consistency")
    assert vectors
    for vector in vectors:
        verify_consistency(
            int(str(vector["size1"])),
            b64decode(str(vector["root1"])),
            int(str(vector["size2"])),
            b64decode(str(vector["root2"])),
            decoded(vector["proof"]),
        )


def test_an_empty_tree_and_a_first_leaf_hash_as_in_the_standard() -> None:
    # SHA-256 of nothing, and of the single byte 0
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert leaf_hash(b"").hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert root_of([]) == EMPTY_ROOT


def test_roots_and_proofs_are_those_of_the_definition() -> None:
    for size in range(1, 34):
        leaves = LEAVES[:size]
        assert root_of(leaves) == defined_root(leaves)
        for index in range(size):
            assert inclusion_proof(LEAVES, index, size) == defined_path(index, leaves)
        for first in range(1, size + 1):
            assert consistency_proof(LEAVES, first, size) == defined_subproof(first, leaves, True)


def test_the_proof_of_every_leaf_of_every_size_verifies() -> None:
    for size in range(1, len(LEAVES) + 1):
        for index in range(size):
            verify_inclusion(LEAVES[index], index, size, inclusion_proof(LEAVES, index, size), ROOTS[size])


def test_the_proof_from_every_size_to_every_size_verifies() -> None:
    for second, first in product(range(1, len(LEAVES) + 1), repeat=2):
        if first <= second:
            proof = consistency_proof(LEAVES, first, second)
            verify_consistency(first, ROOTS[first], second, ROOTS[second], proof)


def mutations(proof: list[bytes]) -> list[list[bytes]]:
    """Return proofs that differ from ``proof`` in one way each."""
    flipped = [
        [*proof[:at], bytes([proof[at][0] ^ 1]) + proof[at][1:], *proof[at + 1 :]] for at in range(len(proof))
    ]
    dropped = [proof[:at] + proof[at + 1 :] for at in range(len(proof))]
    added = [[*proof[:at], LEAVES[0], *proof[at:]] for at in range(len(proof) + 1)]
    swapped = [[*proof[:at], proof[at + 1], proof[at], *proof[at + 2 :]] for at in range(len(proof) - 1)]
    cut = [[*proof[:-1], proof[-1][:-1]]] if proof else []
    return flipped + dropped + added + swapped + cut


def test_a_mutated_inclusion_proof_fails() -> None:
    for size in range(1, 18):
        for index in range(size):
            for wrong in mutations(inclusion_proof(LEAVES, index, size)):
                with pytest.raises(ProofError):
                    verify_inclusion(LEAVES[index], index, size, wrong, ROOTS[size])


def test_a_mutated_consistency_proof_fails() -> None:
    for second in range(1, 18):
        for first in range(1, second + 1):
            for wrong in mutations(consistency_proof(LEAVES, first, second)):
                with pytest.raises(ProofError):
                    verify_consistency(first, ROOTS[first], second, ROOTS[second], wrong)


@given(st.integers(1, 70), st.data())
def test_an_inclusion_proof_shows_no_other_leaf_index_size_or_root(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    proof = inclusion_proof(LEAVES, index, size)
    other_index = data.draw(st.integers(-2, 80))
    if other_index != index:
        with pytest.raises(ProofError):
            verify_inclusion(LEAVES[index], other_index, size, proof, ROOTS[size])
    other_leaf = data.draw(st.integers(0, 69))
    if other_leaf != index:
        with pytest.raises(ProofError):
            verify_inclusion(LEAVES[other_leaf], index, size, proof, ROOTS[size])
    other_size = data.draw(st.integers(0, 70))
    if other_size != size:
        with pytest.raises(ProofError):
            verify_inclusion(LEAVES[index], index, size, proof, ROOTS[other_size])


@given(st.integers(1, 70), st.integers(1, 70), st.integers(0, 70))
def test_a_consistency_proof_shows_no_other_history(first: int, second: int, other: int) -> None:
    if first > second:
        first, second = second, first
    proof = consistency_proof(LEAVES, first, second)
    if other not in (first, second):
        for sizes in ((other, second), (first, other)):
            with pytest.raises(ProofError):
                verify_consistency(sizes[0], ROOTS[sizes[0]], sizes[1], ROOTS[sizes[1]], proof)
    if other != first:
        with pytest.raises(ProofError):
            verify_consistency(first, ROOTS[other], second, ROOTS[second], proof)


def test_an_empty_tree_proves_nothing() -> None:
    with pytest.raises(ProofError):
        verify_inclusion(LEAVES[0], 0, 0, [], EMPTY_ROOT)
    for sizes in ((0, 0), (0, 3), (-1, 3), (3, 2)):
        with pytest.raises(ProofError):
            verify_consistency(sizes[0], EMPTY_ROOT, sizes[1], ROOTS[3], [])


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0), (0, 71)])
def test_no_proof_is_made_for_a_leaf_outside_the_tree(index: int, size: int) -> None:
    with pytest.raises(ProofError):
        inclusion_proof(LEAVES, index, size)


@pytest.mark.parametrize(("first", "second"), [(0, 3), (4, 3), (1, 71), (-1, 2)])
def test_no_proof_is_made_between_trees_that_are_not_there(first: int, second: int) -> None:
    with pytest.raises(ProofError):
        consistency_proof(LEAVES, first, second)
