"""Tariffs: versions of the price list, each in force from a date, none without the authority's approval.

The operator proposes, the authority approves. A version is in force from its effective date or from its
approval, whichever is later, until the next one: no price ever applies to what was used before it was known.
The database holds both rules itself.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    String,
    UniqueConstraint,
    func,
    select,
    text,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from isthmus_billing.metering import METERS
from isthmus_billing.money import check_currency
from isthmus_billing.rating import WHOLE, Terms
from isthmus_platform.database import Base, PartyRole, Work, new_id
from isthmus_platform.errors import Conflict, InvalidInput, NotFound

DEAREST = 1_000_000_000
LARGEST_ALLOWANCE = 1_000_000_000


class TariffPrice(Base):
    """What a unit of ``meter`` costs (minor units), after ``free_allowance`` units a party and month."""

    __tablename__ = "tariff_price"
    __table_args__ = (
        CheckConstraint("unit_price >= 0", name="unit_price"),
        CheckConstraint("free_allowance >= 0", name="free_allowance"),
    )

    tariff_id: Mapped[UUID] = mapped_column(ForeignKey("tariff.id"), primary_key=True)
    meter: Mapped[str] = mapped_column(primary_key=True)
    unit_price: Mapped[int] = mapped_column(BigInteger)
    free_allowance: Mapped[int] = mapped_column(BigInteger)


class Tariff(Base):
    """A version of the price list; ``in_force_from`` is null until the authority approves it."""

    __tablename__ = "tariff"
    __table_args__ = (
        UniqueConstraint("version"),
        CheckConstraint("concession_basis_points BETWEEN 0 AND 10000", name="concession_basis_points"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    concession_basis_points: Mapped[int]
    effective_from: Mapped[datetime]
    proposed_by: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    proposed_at: Mapped[datetime]
    approved_by: Mapped[UUID | None] = mapped_column(ForeignKey("party.id"))
    approved_at: Mapped[datetime | None]
    in_force_from: Mapped[datetime | None]

    prices: Mapped[list[TariffPrice]] = relationship(lazy="selectin", order_by="TariffPrice.meter")


@dataclass(frozen=True)
class Price:
    """A price in a proposal, in minor units of the tariff's currency."""

    meter: str
    unit_price: int
    free_allowance: int = 0


def propose(
    work: Work,
    *,
    currency: str,
    prices: Sequence[Price],
    concession_basis_points: int,
    effective_from: datetime,
) -> Tariff:
    """Propose a version of the price list (operator only); nothing is charged by it until it is approved.

    It prices every meter once. Raises :class:`InvalidInput` naming the field, and :class:`Conflict`
    (``one_currency``) when another currency is in use: a ledger is kept in one.
    """
    work.actor.require(PartyRole.OPERATOR)
    check_currency(currency)
    _check(prices, concession_basis_points)
    # Two proposals at once would take the same version.
    work.session.execute(text("SELECT pg_advisory_xact_lock(4711002)"))
    latest = work.session.scalar(select(Tariff).order_by(Tariff.version.desc()).limit(1))
    if latest is not None and latest.currency != currency:
        raise Conflict(
            f"The platform bills in {latest.currency}; a tariff in another currency would split its ledger.",
            field="currency",
            code="one_currency",
        )
    tariff = Tariff(
        id=new_id(),
        version=1 if latest is None else latest.version + 1,
        currency=currency,
        concession_basis_points=concession_basis_points,
        effective_from=effective_from,
        proposed_by=work.actor.party_id,
        proposed_at=work.now,
        prices=[
            TariffPrice(meter=price.meter, unit_price=price.unit_price, free_allowance=price.free_allowance)
            for price in prices
        ],
    )
    work.session.add(tariff)
    work.session.flush()
    return tariff


def _check(prices: Sequence[Price], concession_basis_points: int) -> None:
    named = [price.meter for price in prices]
    for meter in METERS:
        if named.count(meter) != 1:
            raise InvalidInput(
                f"A tariff prices every meter once; {meter} has {named.count(meter)} prices.",
                field="prices",
                code="every_meter_once",
            )
    for price in prices:
        if price.meter not in METERS:
            raise InvalidInput(
                f"There is no meter {price.meter[:60]!r}.", field="prices", code="unknown_meter"
            )
        if not (0 <= price.unit_price <= DEAREST and 0 <= price.free_allowance <= LARGEST_ALLOWANCE):
            raise InvalidInput(
                f"The price of {price.meter} is out of bounds.", field="prices", code="out_of_bounds"
            )
    if not 0 <= concession_basis_points <= WHOLE:
        raise InvalidInput(
            f"The concession fee is 0 to {WHOLE} basis points.",
            field="concessionBasisPoints",
            code="out_of_bounds",
        )


def approve(work: Work, tariff_id: UUID) -> Tariff:
    """Approve a proposed version (authority only); approving it again changes nothing."""
    work.actor.require(PartyRole.AUTHORITY)
    work.session.execute(
        update(Tariff)
        .where(Tariff.id == tariff_id, Tariff.approved_at.is_(None))
        .values(
            approved_by=work.actor.party_id,
            approved_at=work.now,
            in_force_from=func.greatest(Tariff.effective_from, work.now),
        )
        .execution_options(synchronize_session=False)
    )
    tariff = work.session.get(Tariff, tariff_id, populate_existing=True)
    if tariff is None:
        raise NotFound("There is no such tariff.")
    return tariff


def versions(work: Work) -> Sequence[Tariff]:
    """Return every version, proposed ones too, newest first."""
    return work.session.scalars(select(Tariff).order_by(Tariff.version.desc())).all()


def in_force(work: Work, at: datetime) -> Tariff | None:
    """Return the version in force at ``at``, if any; of two from one instant, the later version."""
    return work.session.scalar(
        select(Tariff)
        .where(Tariff.in_force_from <= at)
        .order_by(Tariff.in_force_from.desc(), Tariff.version.desc())
        .limit(1)
    )


def currency(work: Work) -> str | None:
    """Return the currency the platform bills in; None before the first tariff."""
    return work.session.scalar(select(func.min(Tariff.currency)))


def terms(work: Work, tariff_ids: Iterable[UUID]) -> Mapping[tuple[UUID, str], Terms]:
    """Return the approved terms by (tariff, meter)."""
    found = work.session.scalars(
        select(Tariff).where(Tariff.id.in_(set(tariff_ids)), Tariff.approved_by.is_not(None))
    )
    return {
        (tariff.id, price.meter): Terms(
            tariff.id,
            price.unit_price,
            price.free_allowance,
            tariff.concession_basis_points,
            tariff.approved_by,
        )
        for tariff in found
        if tariff.approved_by is not None
        for price in tariff.prices
    }
