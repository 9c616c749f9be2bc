"""Webhooks are told of every step of a credit and a title: who has part in it, by a row that names nobody."""

from collections import defaultdict
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from sqlalchemy import select

from credit_case import SHIPPED, TERMS
from credit_trade import CreditTrade, open_credit_trade
from financed_trade import open_financed_trade
from isthmus_platform import credit, financed, webhook_delivery
from isthmus_platform.changes import Change, Kind
from isthmus_platform.credit.machine import Action
from isthmus_platform.credit.telling import KINDS
from isthmus_platform.credit.terms import ACCEPTANCE
from isthmus_platform.database import Platform
from isthmus_platform.title import Action as TitleAction
from isthmus_platform.title.telling import BLOCKS
from isthmus_platform.title.telling import KINDS as TITLE_KINDS
from receivable_trade import marks
from title_trade import TitleTrade

WEBHOOKS = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text()


def told(trade: CreditTrade | TitleTrade, names: dict[UUID, str], thing: str) -> list[tuple[str, str, str]]:
    """Return what was told, in its order: the kind, where it led, and to whom."""
    rows = trade.as_owner(
        f"SELECT transaction, kind, about ->> 'state', party_id FROM change WHERE {thing} IS NOT NULL"
        " ORDER BY transaction, kind"
    )
    found: dict[tuple[int, str, str], list[str]] = defaultdict(list)
    for transaction, kind, state, party_id in rows:
        found[transaction, kind, state].append(names[party_id])
    return [(kind, state, " ".join(sorted(parties))) for (_, kind, state), parties in found.items()]


def test_every_step_of_a_credit_is_told_to_all_who_see_it_by_then(platform: Platform) -> None:
    trade = open_credit_trade(platform)
    trade.step("bank", trade.apply(terms=replace(TERMS, reference="LC-0")), "DECLINE")
    it = trade.advised(replace(TERMS, partial_shipments=True, amount_minor=3 * TERMS.amount_minor))
    trade.answer(trade.amend(it, increase_minor=1), accept=True)
    trade.answer(trade.amend(it, increase_minor=1), accept=False)
    paid = trade.present(it, "P-1")
    trade.examine(paid)
    trade.settle("bank", paid, "PAY")
    trade.settle("bank", paid, "REPAY")
    refused = trade.present(it, "P-2", amount=9 * TERMS.amount_minor)
    trade.examine(refused)
    trade.settle("buyer", refused, "WAIVE")
    trade.settle("bank", refused, "RETURN")
    timed = replace(TERMS, reference="LC-2", available_by=ACCEPTANCE, tenor_days=30, tenor_from="SHIPMENT")
    deferred = trade.present(trade.advised(replace(timed, available_with="ADVISING")), "P-3")
    late = trade.present(it, "P-4")
    trade.examine(deferred, by="adviser")
    trade.settle("adviser", deferred, "ACCEPT")
    trade.on(SHIPPED + timedelta(days=40))
    assert credit.watch(platform) == 1
    assert trade.presentation(late).state == "COMPLYING"
    trade.settle("adviser", deferred, "PAY")
    trade.settle("bank", deferred, "REIMBURSE")
    trade.on(TERMS.expires_on + timedelta(days=9))
    trade.settle("bank", late, "PAY")
    trade.step("bank", it, "CLOSE")
    names = {actor.party_id: name for name, actor in trade.actors.items()}
    two, three, four = "bank buyer", "adviser bank buyer", "adviser bank buyer seller"
    steps = told(trade, names, "credit_id")
    assert steps == [
        ("credit.applied", "APPLIED", two),
        ("credit.declined", "DECLINED", two),
        ("credit.applied", "APPLIED", two),
        ("credit.issued", "ISSUED", three),
        ("credit.advised", "ADVISED", four),
        ("credit.amended", "PROPOSED", four),
        ("credit.amendment_accepted", "ACCEPTED", four),
        ("credit.amended", "PROPOSED", four),
        ("credit.amendment_refused", "REFUSED", four),
        ("presentation.made", "PRESENTED", four),
        ("presentation.examined", "COMPLYING", four),
        ("presentation.paid", "PAID", four),
        ("presentation.repaid", "REPAID", two),
        ("presentation.made", "PRESENTED", four),
        ("presentation.refused", "DISCREPANT", four),
        ("presentation.waived", "WAIVED", four),
        ("presentation.returned", "RETURNED", four),
        ("credit.applied", "APPLIED", two),
        ("credit.issued", "ISSUED", three),
        ("credit.advised", "ADVISED", four),
        ("presentation.made", "PRESENTED", four),
        ("presentation.made", "PRESENTED", four),
        ("presentation.examined", "COMPLYING", four),
        ("presentation.accepted", "ACCEPTED", four),
        ("presentation.precluded", "COMPLYING", four),
        ("presentation.paid", "PAID", four),
        ("presentation.reimbursed", "REIMBURSED", four),
        ("presentation.paid", "PAID", four),
        ("credit.closed", "CLOSED", four),
    ]
    assert KINDS.keys() == set(Action)
    assert {kind for kind, _, _ in steps} == {*KINDS.values(), Kind.PRESENTATION_REFUSED}
    _check_rows(trade, set(names))


def test_a_bank_that_is_both_banks_is_told_once(platform: Platform) -> None:
    trade = open_credit_trade(platform)
    trade.step("bank", trade.apply(advising="bank"), "ISSUE")
    names = {actor.party_id: name for name, actor in trade.actors.items()}
    assert [parties for _, _, parties in told(trade, names, "credit_id")] == ["bank buyer"] * 2


def test_every_step_and_block_of_a_title_is_told_to_who_had_part_in_it_issuer_and_holder(
    platform: Platform,
) -> None:
    trade = open_financed_trade(platform).release.titles
    it = trade.issue()
    lien, hold = trade.pledge(it), trade.hold()
    trade.release("authority", hold)
    trade.release("bank", lien)
    trade.act("trader", it, "ENDORSE_TO_ORDER", "bank")
    trade.act("trader", it, "TRANSFER", "bank")
    trade.act("bank", it, "SIGN")
    trade.act("bank", it, "BLANK_ENDORSE")
    trade.act("bank", it, "ENDORSE", "consignee")
    trade.act("bank", it, "TRANSFER", "consignee")
    trade.act("consignee", it, "SURRENDER_FOR_AMENDMENT", reason="COD")
    trade.act("carrier", it, "SREJ")
    trade.act("consignee", it, "SURRENDER_FOR_DELIVERY")
    trade.act("carrier", it, "SACC")
    names = {actor.party_id: name for name, actor in trade.papers.trade.actors.items()}
    steps = told(trade, names, "title_id")
    assert steps == [
        ("title.issued", "HELD", "carrier trader"),
        ("title.lien_placed", "HELD", "bank carrier trader"),
        ("title.hold_placed", "HELD", "authority carrier trader"),
        ("title.hold_released", "HELD", "authority carrier trader"),
        ("title.lien_released", "HELD", "bank carrier trader"),
        ("title.endorsed", "HELD", "bank carrier trader"),
        ("title.transferred", "HELD", "bank carrier trader"),
        ("title.signed", "HELD", "bank carrier"),
        ("title.endorsed", "HELD", "bank carrier"),
        ("title.endorsed", "HELD", "bank carrier consignee"),
        ("title.transferred", "HELD", "bank carrier consignee"),
        ("title.surrendered", "AMENDMENT_REQUESTED", "carrier consignee"),
        ("title.surrender_refused", "HELD", "carrier consignee"),
        ("title.surrendered", "DELIVERY_REQUESTED", "carrier consignee"),
        ("title.surrender_accepted", "SURRENDERED", "carrier consignee"),
    ]
    assert TITLE_KINDS.keys() == set(TitleAction)
    assert {kind for kind, _, _ in steps} == {*TITLE_KINDS.values(), *BLOCKS.values()}
    _check_rows(trade, set(names))


def test_only_the_bank_whose_registration_it_is_hears_of_disputes_and_of_its_end(platform: Platform) -> None:
    trade = open_financed_trade(platform)
    bank, other = (trade.receivables[name] for name in ("bank", "other-bank"))
    with platform.begin(bank) as work:
        registered = financed.register(work, marks()).id
    with platform.begin(other) as work:
        disputed = financed.dispute(work, marks(), "We hold it too").id
        financed.withdraw(work, disputed)
        financed.withdraw(work, disputed)
    with platform.begin(bank) as work:
        financed.release(work, registered)
        financed.release(work, registered)
    rows = trade.credits.as_owner("SELECT kind, party_id, about FROM change WHERE financing_id IS NOT NULL")
    said = {"financing": str(registered)}
    assert sorted(rows) == [
        (f"financing.{end}", bank.party_id, said) for end in ("dispute_withdrawn", "disputed", "released")
    ]


def _check_rows(trade: CreditTrade | TitleTrade, parties: set[UUID]) -> None:
    """Hold that each party reads its own rows alone, is sent what they say, and finds no party in it."""
    actors = trade.actors if isinstance(trade, CreditTrade) else trade.papers.trade.actors
    seen = 0
    for actor in actors.values():
        with trade.platform.begin(actor) as work:
            of = Change.credit_id.is_not(None) | Change.title_id.is_not(None)
            rows = work.session.scalars(select(Change).where(of)).all()
            assert {row.party_id for row in rows} <= {actor.party_id}
            for row in rows:
                assert webhook_delivery.told(work, row) == row.about
                assert not {str(one) for one in parties} & set(row.about.values())
                assert (row.concerned, row.private) == ([], False)
            seen += len(rows)
    total = trade.as_owner("SELECT count(*) FROM change WHERE num_nonnulls(credit_id, title_id) > 0")
    assert total == [(seen,)]


def test_every_kind_is_in_the_documentation() -> None:
    assert [kind.value for kind in Kind if f"`{kind}`" not in WEBHOOKS] == []
