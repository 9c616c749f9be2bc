"""The Merkle tree of RFC 9162 (Certificate Transparency 2.0), section 2.1, over SHA-256.

Leaf hashes and proofs are lists of 32 bytes. Verification is strict: a proof has exactly the length that
index and size call for, an index lies inside the tree, and an empty tree proves nothing.
"""

import hashlib
import hmac
from collections.abc import Sequence

EMPTY_ROOT = hashlib.sha256(b"").digest()
HASH_SIZE = 32


class ProofError(Exception):
    """A proof does not show what it should; the message says how it falls short."""


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of a leaf (section 2.1.1): a leaf can never be taken for a node."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of a node over its two children (section 2.1.1)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_of(leaf_hashes: Sequence[bytes]) -> bytes:
    """Return the root over ``leaf_hashes``; that of no leaves is the hash of nothing."""
    # A stack of perfect subtrees, as in section 2.1.2: time n, memory log n.
    stack: list[bytes] = []
    for count, leaf in enumerate(leaf_hashes):
        stack.append(leaf)
        full = count
        while full & 1:
            right = stack.pop()
            stack.append(node_hash(stack.pop(), right))
            full >>= 1
    if not stack:
        return EMPTY_ROOT
    root = stack.pop()
    while stack:
        root = node_hash(stack.pop(), root)
    return root


def inclusion_proof(leaf_hashes: Sequence[bytes], index: int, size: int) -> list[bytes]:
    """Return the proof that leaf ``index`` is in the tree of the first ``size`` leaves (section 2.1.3.1).

    Raises :class:`ProofError` when there is no such leaf or tree.
    """
    if not 0 <= index < size <= len(leaf_hashes):
        raise ProofError(f"no leaf {index} in a tree of {size} out of {len(leaf_hashes)}")
    proof: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            proof.append(root_of(leaf_hashes[middle:end]))
            end = middle
        else:
            proof.append(root_of(leaf_hashes[start:middle]))
            start = middle
    return proof[::-1]


def consistency_proof(leaf_hashes: Sequence[bytes], size1: int, size2: int) -> list[bytes]:
    """Return the proof that the tree of ``size2`` leaves continues that of ``size1`` (section 2.1.4.1).

    Raises :class:`ProofError` unless 0 < size1 <= size2 <= the number of leaves.
    """
    if not 0 < size1 <= size2 <= len(leaf_hashes):
        raise ProofError(f"no proof from {size1} to {size2} out of {len(leaf_hashes)}")
    proof: list[bytes] = []
    start, end, known = 0, size2, True
    while size1 != end:
        middle = start + _split(end - start)
        if size1 <= middle:
            proof.append(root_of(leaf_hashes[middle:end]))
            end = middle
        else:
            proof.append(root_of(leaf_hashes[start:middle]))
            start, known = middle, False
    if not known:
        proof.append(root_of(leaf_hashes[start:end]))
    return proof[::-1]


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Raise :class:`ProofError` unless ``proof`` shows ``leaf`` at ``index`` (section 2.1.3.2)."""
    _check_hashes([root])
    if not hmac.compare_digest(root_from_inclusion(leaf, index, size, proof), root):
        raise ProofError("the proof leads to another root")


def root_from_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes:
    """Return the root that ``proof`` leads to from ``leaf`` (section 2.1.3.2); it is nobody's word yet."""
    if not 0 <= index < size:
        raise ProofError(f"the index {index} lies outside a tree of {size}")
    _check_hashes([leaf, *proof])
    node, last, computed = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise ProofError("the proof is too long")
        if node & 1 or node == last:
            computed = node_hash(sibling, computed)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            computed = node_hash(computed, sibling)
        node, last = node >> 1, last >> 1
    if last != 0:
        raise ProofError("the proof is too short")
    return computed


def verify_consistency(size1: int, root1: bytes, size2: int, root2: bytes, proof: Sequence[bytes]) -> None:
    """Raise :class:`ProofError` unless ``proof`` shows that tree 2 continues tree 1 (section 2.1.4.2)."""
    if not 0 < size1 <= size2:
        raise ProofError(f"a tree of {size2} cannot continue one of {size1}")
    _check_hashes([root1, root2, *proof])
    if size1 == size2:
        if proof:
            raise ProofError("the proof is too long")
        if not hmac.compare_digest(root1, root2):
            raise ProofError("two roots for one size")
        return
    path = list(proof)
    if size1 & (size1 - 1) == 0:
        path.insert(0, root1)
    if not path:
        raise ProofError("the proof is too short")
    computed1, computed2 = _climb(size1, size2, path)
    if not (hmac.compare_digest(computed1, root1) and hmac.compare_digest(computed2, root2)):
        raise ProofError("the proof leads to other roots")


def _climb(size1: int, size2: int, path: list[bytes]) -> tuple[bytes, bytes]:
    """Return the two roots that ``path`` leads to (section 2.1.4.2, steps 4 to 6)."""
    node, last = size1 - 1, size2 - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    first = second = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise ProofError("the proof is too long")
        if node & 1 or node == last:
            first, second = node_hash(sibling, first), node_hash(sibling, second)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            second = node_hash(second, sibling)
        node, last = node >> 1, last >> 1
    if last != 0:
        raise ProofError("the proof is too short")
    return first, second


def _split(size: int) -> int:
    """Return the largest power of two below ``size``."""
    return 1 << (size - 1).bit_length() - 1


def _check_hashes(hashes: Sequence[bytes]) -> None:
    if any(len(value) != HASH_SIZE for value in hashes):
        raise ProofError("a hash has 32 bytes")
