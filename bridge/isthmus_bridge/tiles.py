"""Hashes of the log's complete subtrees, remembered in tiles: they never change, and proofs need no query.

A tile holds the subtrees of eight levels under one of 256 times its lowest level, 510 hashes in 16 kB, as the
C2SP tlog-tiles does with the lowest of them. At most :data:`MOST` are held, however long the log is.
"""

from threading import Lock
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.dialects.postgresql import BYTEA, aggregate_order_by
from sqlalchemy.orm import Session
from sqlalchemy.sql.expression import literal

from isthmus_bridge.models import LogNode
from isthmus_protocol.merkle import node_hash

HEIGHT = 8
WIDTH = 1 << HEIGHT
MOST = 4096
"""Tiles held at most: 64 MB, and those of a million leaves."""

# Where each level of a tile begins, the lowest first: it has 256 hashes, the next 128, ...
_BEGINS = tuple(2 * (WIDTH - (WIDTH >> level)) for level in range(HEIGHT))

_MASKS = tuple((WIDTH >> level) - 1 for level in range(HEIGHT))

Place = tuple[int, int]


def hash_in(tile: bytes, height: int, index: int) -> bytes:
    """Return the hash in ``tile`` of the subtree ``index`` of the log, ``height`` levels above its lowest."""
    at = 32 * (_BEGINS[height] + (index & _MASKS[height]))
    return tile[at : at + 32]


class Tiles:
    """What one database's log has been asked for; many threads may share it."""

    def __init__(self) -> None:
        self.size = 0
        """How many leaves the log is known to have: it has more when somebody asks."""
        self._full: dict[Place, bytes] = {}
        self._edge: dict[Place, bytes] = {}
        self._lock = Lock()

    def hash_at(self, session: Session, level: int, index: int) -> bytes:
        """Return the hash of the complete subtree ``index`` of ``level``, which the log must hold."""
        layer, height = divmod(level, HEIGHT)
        tile = self.tile(session, layer, index >> (HEIGHT - height))
        return self._single(session, level, index) if tile is None else hash_in(tile, height, index)

    def tile(self, session: Session, layer: int, number: int) -> bytes | None:
        """Return the ``number``-th tile of ``layer``; None where the log does not fill it."""
        tile = self._full.get((layer, number))
        if tile is None and (number + 1) << HEIGHT * (layer + 1) <= self.size:
            tile = self._load(session, layer, number)
        return tile

    def _single(self, session: Session, level: int, index: int) -> bytes:
        """Return a hash at the log's right edge, where no tile is full."""
        found = self._edge.get((level, index))
        if found is None:
            query = select(LogNode.hash).where(LogNode.level == level, LogNode.index == index)
            found = session.execute(query).scalar_one()
            self._keep(self._edge, (level, index), found)
        return found

    def _load(self, session: Session, layer: int, number: int) -> bytes:
        strung = func.string_agg(
            LogNode.hash, aggregate_order_by(literal(b"", BYTEA), LogNode.index), type_=BYTEA
        )
        first = number << HEIGHT
        lowest: bytes = session.execute(
            select(strung).where(
                LogNode.level == layer * HEIGHT, LogNode.index >= first, LogNode.index < first + WIDTH
            )
        ).scalar_one()
        hashes = [lowest[at : at + 32] for at in range(0, 32 * WIDTH, 32)]
        tile = [lowest]
        while len(hashes) > 2:
            hashes = [node_hash(left, right) for left, right in zip(hashes[::2], hashes[1::2], strict=True)]
            tile.append(b"".join(hashes))
        whole = b"".join(tile)
        self._keep(self._full, (layer, number), whole)
        return whole

    def _keep(self, held: dict[Place, bytes], place: Place, content: bytes) -> None:
        with self._lock:
            if len(held) >= MOST:
                held.pop(next(iter(held)), None)
            held[place] = content


_OF: WeakKeyDictionary[Engine | Connection, Tiles] = WeakKeyDictionary()


def tiles_of(session: Session) -> Tiles:
    """Return the tiles of the log that ``session`` reads; it must not have appended to it."""
    return _OF.setdefault(session.get_bind(), Tiles())
