"""No price applies that the authority has not approved, or that nobody could know."""

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from billing_cast import PRICES, BillingCast, flat
from isthmus_billing import statements, tariffs
from isthmus_billing.money import Money, check_currency
from isthmus_billing.tariffs import Price
from isthmus_platform.database import Actor
from isthmus_platform.errors import Conflict, InvalidInput, NotFound, NotPermitted, PlatformError
from standing import StandingClock

BY_ME = "approved_by = acting_party()"


def price_of_reading(cast: BillingCast) -> int:
    """Return what the bank would pay for what it has used this month."""
    with cast.platform.begin(cast.bank) as work:
        return statements.usage(work, work.now.strftime("%Y-%m")).total.amount_minor


def test_a_proposed_tariff_charges_nobody_until_it_is_approved(
    cast: BillingCast, clock: StandingClock
) -> None:
    proposed = cast.propose(flat(1))
    clock.advance(hours=1)
    cast.use(cast.bank, "document.read")
    cast.meter()
    assert price_of_reading(cast) == 75
    clock.advance(hours=1)
    cast.approve(proposed)
    assert price_of_reading(cast) == 75, "what was used before the approval keeps its price"
    cast.use(cast.bank, "document.read")
    cast.meter()
    assert price_of_reading(cast) == 76


def test_an_approved_tariff_waits_for_its_date(cast: BillingCast, clock: StandingClock) -> None:
    cast.in_force(flat(1), effective_from=clock.now + timedelta(days=2))
    cast.use(cast.bank, "document.read")
    clock.advance(days=2)
    cast.use(cast.bank, "document.read")
    cast.meter()
    assert price_of_reading(cast) == 76


def test_a_date_in_the_past_is_no_way_to_charge_for_the_past(cast: BillingCast, clock: StandingClock) -> None:
    cast.use(cast.bank, "document.read")
    cast.meter()
    clock.advance(days=3)
    tariff_id = cast.in_force(flat(10**6), effective_from=clock.now - timedelta(days=30))
    with cast.platform.begin(cast.bank) as work:
        found = tariffs.in_force(work, work.now)
    assert found is not None
    assert (found.id, found.in_force_from) == (tariff_id, clock.now)
    assert price_of_reading(cast) == 75


def test_of_two_versions_from_one_instant_the_later_holds(cast: BillingCast, clock: StandingClock) -> None:
    clock.advance(days=1)
    cast.in_force(flat(1))
    cast.in_force(flat(2))
    cast.use(cast.bank, "document.read")
    cast.meter()
    assert price_of_reading(cast) == 2


def test_approving_again_changes_nothing(cast: BillingCast, clock: StandingClock) -> None:
    proposed = cast.propose()
    first = cast.approve(proposed)
    clock.advance(days=1)
    again = cast.approve(proposed)
    assert (again.approved_at, again.in_force_from) == (first.approved_at, first.in_force_from)


@pytest.mark.parametrize("who", ["operator", "bank", "forwarder"])
def test_only_the_authority_approves(cast: BillingCast, who: str) -> None:
    proposed, actor = cast.propose(), getattr(cast, who)
    with pytest.raises(NotPermitted), cast.platform.begin(actor) as work:
        tariffs.approve(work, proposed)
    with cast.platform.begin(actor) as work:
        assert tariffs.versions(work)[0].approved_at is None


@pytest.mark.parametrize("who", ["authority", "bank", "forwarder"])
def test_only_the_operator_proposes(cast: BillingCast, who: str) -> None:
    actor: Actor = getattr(cast, who)
    with pytest.raises(NotPermitted), cast.platform.begin(actor) as work:
        tariffs.propose(
            work, currency="EUR", prices=PRICES, concession_basis_points=1, effective_from=work.now
        )


@pytest.mark.parametrize(
    "assignment",
    [
        f"{BY_ME}, approved_at = acting_now(), in_force_from = acting_now() - interval '1 day'",
        f"{BY_ME}, approved_at = acting_now() - interval '1 day', in_force_from = acting_now()",
        "approved_by = proposed_by, approved_at = acting_now(), in_force_from = acting_now()",
        "concession_basis_points = 0",
        "currency = 'USD'",
    ],
)
def test_the_database_itself_holds_what_an_approval_is(cast: BillingCast, assignment: str) -> None:
    cast.propose()
    with pytest.raises(DBAPIError), cast.platform.begin(cast.authority) as work:
        work.session.execute(text(f"UPDATE tariff SET {assignment} WHERE approved_at IS NULL"))


def test_the_operator_cannot_approve_by_sql(cast: BillingCast) -> None:
    proposed = cast.propose()
    with cast.platform.begin(cast.operator) as work:
        work.session.execute(
            text(
                "UPDATE tariff SET approved_by = acting_party(), approved_at = acting_now(),"
                " in_force_from = greatest(effective_from, acting_now())"
            )
        )
    with cast.platform.begin(cast.bank) as work:
        found = next(tariff for tariff in tariffs.versions(work) if tariff.id == proposed)
    assert found.approved_at is None


def test_a_price_cannot_be_added_to_an_approved_tariff_or_changed(cast: BillingCast) -> None:
    for statement in (
        "INSERT INTO tariff_price SELECT id, 'more', 1, 0 FROM tariff",
        "UPDATE tariff_price SET unit_price = 0",
        "DELETE FROM tariff_price",
    ):
        with pytest.raises(DBAPIError), cast.platform.begin(cast.operator) as work:
            work.session.execute(text(statement))


@pytest.mark.parametrize(
    ("terms", "field", "code"),
    [
        ({"prices": PRICES[:-1]}, "prices", "every_meter_once"),
        ({"prices": (*PRICES, PRICES[0])}, "prices", "every_meter_once"),
        ({"prices": (*PRICES, Price("nothing.known", 1))}, "prices", "unknown_meter"),
        ({"prices": flat(-1)}, "prices", "out_of_bounds"),
        ({"prices": flat(1, -1)}, "prices", "out_of_bounds"),
        ({"prices": flat(10**12)}, "prices", "out_of_bounds"),
        ({"concession_basis_points": 10_001}, "concessionBasisPoints", "out_of_bounds"),
        ({"concession_basis_points": -1}, "concessionBasisPoints", "out_of_bounds"),
        ({"currency": "EURO"}, "currency", "unknown_currency"),
        ({"currency": "ZZZ"}, "currency", "unknown_currency"),
        ({"currency": "USD"}, "currency", "one_currency"),
    ],
)
def test_a_proposal_that_breaks_a_rule_is_refused_and_leaves_no_version(
    cast: BillingCast, terms: dict[str, object], field: str, code: str
) -> None:
    with pytest.raises(PlatformError) as refusal:
        cast.propose(**terms)  # type: ignore[arg-type]
    assert isinstance(refusal.value, InvalidInput | Conflict)
    assert (refusal.value.field, refusal.value.code) == (field, code)
    with cast.platform.begin(cast.bank) as work:
        assert [tariff.version for tariff in tariffs.versions(work)] == [1]


def test_a_tariff_that_is_not_there_cannot_be_approved(cast: BillingCast) -> None:
    with pytest.raises(NotFound):
        cast.approve(cast.bank.party_id)


@pytest.mark.parametrize(
    ("money", "shown"),
    [
        (Money(123456, "EUR"), "€1,234.56"),
        (Money(1234, "JPY"), "JP¥1,234"),
        (Money(1234, "BHD"), "BHD1.234"),
        (Money(-5, "USD"), "-US$0.05"),
    ],
)
def test_minor_units_are_shown_with_the_decimals_of_their_currency(money: Money, shown: str) -> None:
    assert money.shown() == shown
    assert check_currency(money.currency) == money.currency
