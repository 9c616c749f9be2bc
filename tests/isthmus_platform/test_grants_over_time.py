"""However grants are given, revoked and outlived, a reader sees exactly what a grant in force opens."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from isthmus_platform import documents, shipments
from isthmus_platform.database import Platform
from isthmus_platform.grants import AccessGrant
from paperwork import Paperwork, open_paperwork
from standing import StandingClock

READERS = ("bank", "insurer", "carrier", "operator")


@dataclass
class Given:
    """A grant as the model remembers it."""

    record: AccessGrant
    reader: str
    documents: frozenset[UUID]
    shipment: UUID | None
    ends: datetime
    revoked: bool = False

    def in_force(self, now: datetime) -> bool:
        return not self.revoked and now < self.ends


def opened(held: list[Given], owned: dict[UUID, UUID]) -> set[UUID]:
    """Return which of ``owned`` (a document's shipment, by the document) the grants ``held`` open."""
    return {
        document_id
        for document_id, shipment_id in owned.items()
        if any(document_id in each.documents or shipment_id == each.shipment for each in held)
    }


def machine(papers: Paperwork, clock: StandingClock) -> type[RuleBasedStateMachine]:  # noqa: C901 (many small rules)
    shipment_ids = [papers.trade.ship(reference=f"S-{n}", ucr=f"6TW24536806-S{n}") for n in range(2)]
    owned = {
        papers.store(reference=f"S-{n}", body=bytes([n + 1])).document_id: shipment_id
        for n, shipment_id in enumerate(shipment_ids)
        for _ in range(2)
    }
    document_ids = sorted(owned)

    class Granting(RuleBasedStateMachine):
        @initialize()
        def begin(self) -> None:
            self.given: list[Given] = []

        @rule(
            reader=st.sampled_from(("bank", "insurer", "carrier")),
            named=st.sets(st.sampled_from(document_ids), min_size=1),
            hours=st.integers(1, 48),
        )
        def grant_documents(self, reader: str, named: set[UUID], hours: int) -> None:
            ends = clock() + timedelta(hours=hours)
            record = papers.grant(*named, reader=reader, valid_until=ends)
            self.given.append(Given(record, reader, frozenset(named), None, ends))

        @rule(
            reader=st.sampled_from(("bank", "insurer")),
            shipment=st.sampled_from(shipment_ids),
            hours=st.integers(1, 48),
        )
        def grant_shipment(self, reader: str, shipment: UUID, hours: int) -> None:
            ends = clock() + timedelta(hours=hours)
            record = papers.grant(reader=reader, shipment=shipment, valid_until=ends)
            self.given.append(Given(record, reader, frozenset(), shipment, ends))

        @rule(data=st.data())
        def revoke(self, data: st.DataObject) -> None:
            if self.given:
                chosen = data.draw(st.sampled_from(self.given))
                papers.revoke(chosen.record)
                chosen.revoked = True

        @rule(hours=st.integers(1, 24))
        def time_passes(self, hours: int) -> None:
            clock.advance(hours=hours)

        @invariant()
        def readers_see_what_is_in_force_and_the_owner_all(self) -> None:
            for reader in READERS:
                held = [each for each in self.given if each.reader == reader and each.in_force(clock())]
                whole = {each.shipment for each in held if each.shipment}
                with papers.platform.begin(papers[reader]) as work:
                    assert documents.get_many(work, owned).keys() == opened(held, owned)
                    seen = shipments.get_many(work, shipment_ids).keys()
                    assert seen == (set(shipment_ids) if reader == "carrier" else whole)
            with papers.platform.begin(papers["trader"]) as work:
                assert documents.get_many(work, owned).keys() == owned.keys()

        def teardown(self) -> None:
            for each in getattr(self, "given", ()):
                papers.revoke(each.record)

    return Granting


def test_visibility_is_what_grants_in_force_say(platform: Platform, clock: StandingClock) -> None:
    run_state_machine_as_test(
        machine(open_paperwork(platform), clock),
        settings=settings(
            max_examples=15,
            stateful_step_count=12,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
