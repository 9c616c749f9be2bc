"""A party that is in the middle of something cannot be taken away: what it began, and owes, stands."""

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from isthmus_platform.database import Platform
from receivable_trade import ReceivableTrade, open_receivable_trade


@pytest.fixture
def trade(platform: Platform) -> ReceivableTrade:
    return open_receivable_trade(platform)


@pytest.mark.parametrize("name", ["trader", "bank"])
def test_not_even_the_databases_owner_deletes_a_party_in_the_middle_of_a_financing(
    trade: ReceivableTrade, platform_url: str, name: str
) -> None:
    made = trade.accepted()
    with psycopg.connect(platform_url) as owner, pytest.raises(psycopg.errors.ForeignKeyViolation):
        owner.execute("DELETE FROM party WHERE name = %s", [name])
    trade.step("trader", made, "CONFIRM")
    trade.step("bank", made, "DISBURSE")
    assert trade.pay_out() == 1
    assert trade.seen(made).state == "DISBURSED"


@pytest.mark.parametrize("by", ["trader", "bank"])
@pytest.mark.parametrize("name", ["trader", "bank"])
def test_no_party_deletes_one_itself_or_another(trade: ReceivableTrade, by: str, name: str) -> None:
    made = trade.accepted()
    try:
        with trade.platform.begin(trade[by]) as work:
            work.session.execute(text("DELETE FROM party WHERE name = :name"), {"name": name})
    except DBAPIError:
        pass  # refused, or no such row to it: either way it is there
    assert trade.step("trader", made, "CONFIRM") == "CONFIRMED"


RECORDS = {
    *("bridge_nonce", "change", "idempotency_record", "number_counter", "outbox", "payment_event"),
    *("barred_exchange", "shipment_import", "shipment_import_row"),
}
"""What tells of something that was sent or done, and needs no party that is still there."""
REFERENCES = """
    SELECT conrelid::regclass::text, confrelid::regclass::text, confdeltype::text
    FROM pg_constraint WHERE contype = 'f'
"""
TABLES = "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'"


def test_in_every_service_a_row_keeps_its_parties(platform_url: str) -> None:
    with psycopg.connect(platform_url) as owner:
        references = owner.execute(REFERENCES).fetchall()
        tables = {table for (table,) in owner.execute(TABLES)} - {"party", "alembic_version"}
    assert {on_delete for _, kept, on_delete in references if kept == "party"} == {"a"}, "none goes along"
    bound, more = set[str](), {"party"}
    while more - bound:
        bound |= more
        more = {table for table, kept, _ in references if kept in bound}
    assert tables - bound == RECORDS
