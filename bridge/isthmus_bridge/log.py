"""The log of crossings: an append-only Merkle tree (RFC 9162, section 2) kept in PostgreSQL.

Only hashes of complete subtrees are stored, each once and for good: ``(level, index)`` covers the leaves
``index * 2**level`` to ``(index + 1) * 2**level``. Any root or proof is put together from at most about
``2 * log2(size)`` of them, so that appending and proving stay quick however long the log grows.

What a transaction appends is gathered, and written by one statement when the transaction ends or reads the
log: many exchanges decided together (:mod:`isthmus_bridge.batches`) cost one lock, one write and one fsync.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

import orjson
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from isthmus_bridge import chains
from isthmus_bridge.models import LogEntry, LogHead, LogNode
from isthmus_bridge.tiles import HEIGHT, Place, Run, Tiles, siblings_in, tiles_of
from isthmus_bridge.together import Rows, Statement, together
from isthmus_protocol.checkpoint import Checkpoint, sign_note
from isthmus_protocol.keys import SigningKey
from isthmus_protocol.merkle import leaf_hash, node_hash
from isthmus_protocol.records import Record

LONGEST_PAGE = 1000


class LogUnavailable(Exception):
    """The log cannot be written: nothing may cross, and what was to be logged must not happen."""


class NoSuchEntry(Exception):
    """The log does not reach as far as was asked."""


@dataclass(frozen=True)
class Head:
    """How many leaves there are, and their root (32 bytes)."""

    size: int
    root: bytes


@dataclass
class _Gathered:
    """What a transaction that holds the lock appends: the log's size, the right edge of its tree, the news.

    The edge are the hashes of the largest complete subtrees from left to right, with their levels. News wait
    to be linked, then to be written; ``linked`` are all those, by index. ``ends`` are those of known chains.
    """

    size: int
    edge: list[tuple[int, bytes]]
    waiting: list[Record] = field(default_factory=list)
    unwritten: list[Record] = field(default_factory=list)
    linked: dict[int, Record] = field(default_factory=dict)
    ends: chains.Ends = field(default_factory=dict)

    def grow(self, leaves: Iterable[bytes]) -> list[tuple[int, int, bytes]]:
        """Return the nodes that ``leaves`` add and complete, as level, index and hash."""
        nodes = []
        for leaf in leaves:
            level, at, hash_ = 0, self.size, leaf_hash(leaf)
            nodes.append((level, at, hash_))
            while self.edge and self.edge[-1][0] == level:
                hash_ = node_hash(self.edge.pop()[1], hash_)
                level, at = level + 1, at >> 1
                nodes.append((level, at, hash_))
            self.edge.append((level, hash_))
            self.size += 1
        return nodes

    @property
    def root(self) -> bytes:
        *others, (_, total) = self.edge
        for _, hash_ in reversed(others):
            total = node_hash(hash_, total)
        return total


_LOCK = "SELECT size FROM log_head FOR UPDATE"
# The largest complete subtrees are where the size has a binary one. Each is looked up by its key, whatever
# the planner believes of the table's size when it first sees this.
_EDGE = (
    "SELECT level, (SELECT hash FROM log_node AS node"
    " WHERE node.level = place.level AND node.index = (head.size >> place.level) - 1)"
    " FROM log_head AS head, generate_series(62, 0, -1) AS place (level)"
    " WHERE (head.size >> place.level) & 1 = 1 ORDER BY level DESC"
)
# Records are canonical JSON, which holds no line feed: strung together they go over in one value, and nodes
# and chains in a JSON text each. Binding an array of them took longer than all else.
_WRITE = (
    "WITH leaves AS (INSERT INTO log_entry (index, record) SELECT CAST($1 AS bigint) + place - 1, record"
    " FROM string_to_table($2, chr(10)) WITH ORDINALITY AS given (record, place)),"
    " nodes AS (INSERT INTO log_node (level, index, hash) SELECT level, index, hash"
    " FROM json_to_recordset(CAST($3 AS json)) AS given (level int, index bigint, hash bytea)),"
    " chains AS (INSERT INTO log_chain (kind, key, count, last_index) SELECT kind, key, count, last_index"
    " FROM json_to_recordset(CAST($4 AS json))"
    " AS given (kind text, key text, count bigint, last_index bigint)"
    " ON CONFLICT (kind, key) DO UPDATE SET count = excluded.count, last_index = excluded.last_index)"
    " UPDATE log_head SET size = $5, root = $6"
)


def lock(session: Session, *asked: Statement, chained: Collection[chains.Key] = ()) -> list[Rows]:
    """Wait until this transaction is the only one that decides and appends, until it ends.

    What is read after this and what is appended are then of one moment: a suspension that was answered
    holds for every later decision. What is ``asked`` goes to the database with the request for the lock, and
    is answered as of after it; so are the ends of the chains that what is appended will be in, where they
    are named. Raises :class:`LogUnavailable`.
    """
    held: _Gathered | None = session.info.get(_Gathered)
    try:
        if held is not None:
            return together(session, asked) if asked else []
        head, edge, ends, *answers = together(
            session, [(_LOCK, ()), (_EDGE, ()), chains.asking(chained), *asked]
        )
    except DBAPIError as error:
        raise LogUnavailable(str(error.orig)) from error
    known = chains.ends(chained, ends)
    session.info[_Gathered] = _Gathered(head[0][0], [(row[0], row[1]) for row in edge], ends=known)
    return answers


def append(session: Session, record: Record) -> int:
    """Append ``record`` in this transaction and return its index; :func:`write` then writes it.

    Raises :class:`LogUnavailable` when that cannot be; the transaction must then be rolled back.
    """
    held = _locked(session)
    held.waiting.append(record)
    return held.size + len(held.unwritten) + len(held.waiting) - 1


def _locked(session: Session) -> _Gathered:
    lock(session)
    held: _Gathered = session.info[_Gathered]
    return held


def linked(session: Session) -> Mapping[int, Record]:
    """Return what this transaction has appended, by index, as it stands in the log once it is written."""
    held: _Gathered | None = session.info.get(_Gathered)
    if held is None:
        return {}
    if held.waiting:
        try:
            first = held.size + len(held.unwritten)
            records = chains.link(session, held.waiting, first, held.ends)
        except DBAPIError as error:
            raise LogUnavailable(str(error.orig)) from error
        held.linked.update(enumerate(records, first))
        held.unwritten += records
        held.waiting.clear()
    return held.linked


def write(session: Session, *besides: Statement) -> None:
    """Write what this transaction has appended, each record linked to those before it, and what is besides.

    Raises :class:`LogUnavailable`.
    """
    linked(session)
    held: _Gathered | None = session.info.get(_Gathered)
    statements = [*besides]
    if held is not None and held.unwritten:
        statements.insert(0, _writing(held))
    if not statements:
        return
    try:
        together(session, statements)
    except DBAPIError as error:
        raise LogUnavailable(str(error.orig)) from error


def _writing(held: _Gathered) -> Statement:
    """Return the statement that writes what is linked, after which it is written."""
    first = held.size
    leaves = [record.leaf for record in held.unwritten]
    held.unwritten.clear()
    nodes = [
        {"level": level, "index": index, "hash": f"\\x{hash_.hex()}"}
        for level, index, hash_ in held.grow(leaves)
    ]
    reached = [
        {"kind": kind, "key": key, "count": count, "last_index": last}
        for (kind, key), (count, last) in held.ends.items()
        if last is not None and last >= first
    ]
    return _WRITE, [
        first,
        b"\n".join(leaves).decode(),
        orjson.dumps(nodes).decode(),
        orjson.dumps(reached).decode(),
        held.size,
        held.root,
    ]


def head(session: Session) -> Head:
    """Return the log's present size and root."""
    write(session)
    size, root = session.execute(select(LogHead.size, LogHead.root)).one()
    return Head(size, root)


def checkpoint(now: Head, origin: str, key: SigningKey) -> str:
    """Return the head as a note signed with the log's key (C2SP tlog-checkpoint, signed-note)."""
    return sign_note(Checkpoint(origin, now.size, now.root), key, origin)


def probe(session: Session) -> None:
    """Raise :class:`LogUnavailable` unless an entry can be written now; what it tries is rolled back."""
    lock(session)
    attempt = session.begin_nested()
    try:
        session.execute(insert(LogEntry).values(index=-1, record=""))
        session.execute(insert(LogNode).values(level=-1, index=-1, hash=b""))
        session.execute(update(LogHead).values(size=LogHead.size))
    except DBAPIError as error:
        raise LogUnavailable(str(error.orig)) from error
    finally:
        attempt.rollback()


def entries(session: Session, start: int, limit: int) -> list[tuple[int, str]]:
    """Return up to ``limit`` (at most 1000) leaves from ``start`` on, with their indices, oldest first."""
    write(session)
    rows = session.execute(
        select(LogEntry.index, LogEntry.record)
        .where(LogEntry.index >= start)
        .order_by(LogEntry.index)
        .limit(min(limit, LONGEST_PAGE))
    )
    return [(row[0], row[1]) for row in rows]


def entry(session: Session, index: int) -> str:
    """Return the leaf at ``index``, canonical JSON. Raises :class:`NoSuchEntry`."""
    write(session)
    found = session.get(LogEntry, index)
    if found is None:
        raise NoSuchEntry(f"the log has no entry {index}")
    return found.record


def inclusion(session: Session, index: int, size: int) -> list[bytes]:
    """Return the proof that leaf ``index`` is in the tree of the first ``size`` (RFC 9162, 2.1.3.1)."""
    if not 0 <= index < size or not _reaches(session, size):
        raise NoSuchEntry(f"there is no leaf {index} in a tree of {size}")
    tiles = _tiles(session)
    proof: list[bytes] = []
    level, node, last = 0, index, size - 1
    while last:
        sibling, number, climbed = node ^ 1, node >> HEIGHT, 1
        if level % HEIGHT == 0 and (number + 1) << level + HEIGHT <= size:
            # A tile within the tree has all siblings on the way up through its levels.
            proof += siblings_in(tiles.tile(session, level // HEIGHT, number), node)
            climbed = HEIGHT
        elif (sibling + 1) << level <= size:
            proof.append(tiles.hash_at(session, level, sibling))
        elif sibling == last:
            proof.append(_hash_of((sibling << level, size), session))
        level, node, last = level + climbed, node >> climbed, last >> climbed
    return proof


def consistency(session: Session, earlier: int, later: int) -> list[bytes]:
    """Return the proof that the tree of ``later`` leaves extends that of ``earlier`` (RFC 9162, 2.1.4.1)."""
    if not 0 < earlier <= later or not _reaches(session, later):
        raise NoSuchEntry(f"there are no trees of {earlier} and {later} leaves")
    return [_hash_of(run, session) for run in _bridge(earlier, 0, later, whole=True)]


def _reaches(session: Session, size: int) -> bool:
    """Say whether the log has ``size`` leaves; it never has fewer again."""
    tiles = _tiles(session)
    if size > tiles.size:
        tiles.size = head(session).size
    return size <= tiles.size


def _tiles(session: Session) -> Tiles:
    """Return the tiles to prove from; what this transaction has appended may yet be undone."""
    return Tiles() if _Gathered in session.info else tiles_of(session)


def _bridge(earlier: int, start: int, end: int, *, whole: bool) -> list[Run]:
    """SUBPROOF of RFC 9162, 2.1.4.1; ``earlier`` counts from the log's beginning."""
    if earlier == end:
        return [] if whole else [(start, end)]
    middle = start + _split(end - start)
    if earlier <= middle:
        return [*_bridge(earlier, start, middle, whole=whole), (middle, end)]
    return [*_bridge(earlier, middle, end, whole=False), (start, middle)]


def _split(width: int) -> int:
    """Return the largest power of two below ``width`` (k of RFC 9162, 2.1.1)."""
    return 1 << (width - 1).bit_length() - 1


def _places(run: Run) -> list[Place]:
    """Return the largest complete subtrees of a run, from left to right; its start is aligned."""
    start, end = run
    places = []
    for level in range((end - start).bit_length() - 1, -1, -1):
        if (end - start) >> level & 1:
            places.append((level, start >> level))
            start += 1 << level
    return places


def _hash_of(run: Run, session: Session) -> bytes:
    tiles = _tiles(session)
    total = tiles.runs.get(run)
    if total is None:
        hashes = [tiles.hash_at(session, level, index) for level, index in _places(run)]
        total = hashes.pop()
        while hashes:
            total = node_hash(hashes.pop(), total)
        tiles.keep(tiles.runs, run, total)
    return total
