"""An audit holds no more of a long log in memory than of a short one, and finds the same."""

import tracemalloc
from collections.abc import Iterator

from agreed import KEYRING, ORIGIN
from isthmus.log_spool import Spool
from isthmus_protocol import merkle
from isthmus_protocol.auditing import Audit, Kept, audit, audit_entries
from isthmus_protocol.canonical import JsonObject
from isthmus_protocol.chains import Chain, Link
from isthmus_protocol.checkpoint import Checkpoint, sign_note
from ledger import AGREEMENT_CHANGE, LOG, Ledger, ledger

PAGE = 500
LONG = 20_000
MOST = 2 * 1024 * 1024
"""Bytes; the entries that are audited take more than twenty times as many in memory."""
PARTIES = 50
EACH = 8


def long_log(size: int) -> Iterator[JsonObject]:
    """Yield decisions on parties in turn, each about a subject of its own, among changes of agreements."""
    about = ledger("bank/a").records[0]
    for index in range(size):
        if index % EACH:
            yield AGREEMENT_CHANGE
            continue
        turn, party = divmod(index // EACH, PARTIES)
        before = index - PARTIES * EACH if turn else None
        yield about | {
            "exchange": f"exchange-{index}",
            "party": f"party-{party}",
            "subject": f"{index:064x}",
            "chain": Chain(Link(turn + 1, before), Link(1, None)).to_json(),
        }


def filled(spool: Spool, records: Iterator[JsonObject]) -> Spool:
    """Put entries into ``spool``, a page at a time, as they are downloaded."""
    page: list[JsonObject] = []
    for record in records:
        page.append(record)
        if len(page) == PAGE:
            spool.extend(page)
            page = []
    spool.extend(page)
    return spool


def signed(spool: Spool) -> str:
    return sign_note(Checkpoint(ORIGIN, len(spool), merkle.root_of(spool.hashes)), LOG, ORIGIN)


def test_the_memory_of_an_audit_does_not_grow_with_the_log() -> None:
    spool = filled(Spool(), long_log(PAGE))
    assert audit_entries(spool, signed(spool), KEYRING).sound
    spool.close()
    spool = filled(Spool(), long_log(LONG))
    note = signed(spool)
    tracemalloc.start()
    try:
        spool.extend([*long_log(1)])
        found = audit_entries(spool, note, KEYRING)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        spool.close()
    assert found.sound, found
    assert f"the chains of {PARTIES + LONG // EACH} parties and subjects are without a gap" in found.held
    assert peak < MOST


def test_what_is_on_the_disk_is_audited_as_what_is_in_memory() -> None:
    honest = ledger("bank/a", "bank/b", "trader/a", "bank/a", "trader/b")
    liar = honest.copy()
    del liar.records[1]
    liar.append("carrier", "c")
    clumsy = honest.copy()
    clumsy.records[1] |= {"party": "carrier"}
    kept = Kept([honest.checkpoint(3)], [honest.promise(1)])
    for log in (honest, liar, clumsy):
        assert spooled(log, kept) == audit(log.records, log.checkpoint(), KEYRING, kept)
        assert spooled(log, Kept()) == audit(log.records, log.checkpoint(), KEYRING)
    short = honest.checkpoint(2)
    spool = filled(Spool(), iter(honest.records))
    assert audit_entries(spool, short, KEYRING).sound, "entries beyond the checkpoint are for the next one"
    spool.close()


def spooled(log: Ledger, kept: Kept) -> Audit:
    spool = filled(Spool(), iter(log.records))
    try:
        return audit_entries(spool, log.checkpoint(), KEYRING, kept)
    finally:
        spool.close()
