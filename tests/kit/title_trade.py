"""A trade whose bill of lading is a title: a carrier, a trader, banks, a consignee, customs, the operator."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import held
from isthmus_platform import parties, title
from isthmus_platform.database import Actor, Duty, PartyRole, Platform
from isthmus_platform.encryption import Vault
from isthmus_platform.papers.signing import Desk
from isthmus_platform.title import Action, IssueDraft, Standing
from isthmus_protocol.keys import Holder, Keyring, SigningKey
from isthmus_protocol.title_file import verify_title
from paperwork import Paperwork, open_paperwork

KEY = SigningKey.generate(Holder.PLATFORM)
TRUST = Keyring([KEY.public])
DESK = Desk(Vault(b"k" * 32), KEY, "https://isthmus.example")
DIGEST = "sha-256:" + "ab" * 32
UCR = "6TW24536806-1"
BASIS = "Regulation (EU) No 952/2013, Article 46"
EVERYTHING = ("title", "title_step", "title_party", "title_block", "title_suspension", "outbox")


@dataclass(frozen=True)
class TitleTrade:
    """The parties; ``trade["bank"]`` is the actor for one of them."""

    papers: Paperwork
    shipment: UUID

    @property
    def platform(self) -> Platform:
        return self.papers.platform

    def __getitem__(self, name: str) -> Actor:
        return self.papers[name]

    def issue(self, by: str = "carrier", **changes: Any) -> UUID:
        """Issue the title to the trader, in blank, unless ``changes`` say otherwise."""
        draft: dict[str, Any] = {
            "shipment": self.shipment,
            "number": "BILL1",
            "document_digest": DIGEST,
            "form": "NEGOTIABLE",
            "recipient": "trader",
        } | changes
        with self.platform.begin(self[by]) as work:
            return title.issue(work, DESK, IssueDraft(**draft)).id

    def act(self, by: str, title_id: UUID, action: str, to: str | None = None, **more: Any) -> str:
        """Make a step and return the phase it leads to."""
        with self.platform.begin(self[by]) as work:
            return title.act(work, DESK, title_id, Action(action), recipient=to, **more).phase

    def pledge(self, title_id: UUID, bank: str = "bank", by: str = "trader") -> UUID:
        with self.platform.begin(self[by]) as work:
            return title.place_lien(work, title_id, bank, reference="LOAN-1").id

    def hold(self, by: str = "authority", ucr: str = UCR) -> UUID:
        with self.platform.begin(self[by]) as work:
            (block,) = title.place_hold(work, ucr, legal_basis=BASIS, reason="Selected for examination")
            return block.id

    def release(self, by: str, block_id: UUID) -> None:
        with self.platform.begin(self[by]) as work:
            title.release(work, block_id)

    def suspend(self, name: str, by: str = "operator") -> None:
        with self.platform.begin(self[by]) as work:
            title.suspend(work, name, "Insolvent")

    def readmit(self, name: str, by: str = "operator") -> None:
        with self.platform.begin(self[by]) as work:
            title.readmit(work, name)

    def standing(self, by: str, title_id: UUID) -> Standing:
        with self.platform.begin(self[by]) as work:
            return title.standing(work, title_id)

    def holder_of(self, by: str) -> Standing | None:
        with self.platform.begin(self[by]) as work:
            return title.holder_of(work, self.shipment)

    def holder(self, title_id: UUID) -> str:
        """Return the holder's name, as the carrier knows it."""
        found = self.standing("carrier", title_id).holder
        return next(name for name, actor in self.papers.trade.actors.items() if actor.party_id == found)

    def export(self, by: str, title_id: UUID) -> bytes:
        with self.platform.begin(self[by]) as work:
            return title.export(work, DESK, title_id)

    def verified(self, by: str, title_id: UUID) -> list[str]:
        """Return the steps of the exported file, which must verify."""
        verdict, said = verify_title(self.export(by, title_id), TRUST)
        assert verdict.passed, verdict.checks
        return said

    def everything(self) -> list[Any]:
        """Return every row that a step could change, whoever sees it."""
        return held.rows(self.platform, EVERYTHING)

    def as_owner(self, query: str) -> list[Any]:
        """Return what ``query`` finds, whoever may see it."""
        return held.as_owner(self.platform, query)

    def grant_bill(self, reader: str = "insurer") -> None:
        """Let a party read the bill of lading, for a month."""
        stored = self.papers.store(type_code="705")
        self.papers.grant(
            stored.document_id,
            reader=reader,
            valid_until=self.platform.clock() + timedelta(days=30),
        )


def open_title_trade(platform: Platform) -> TitleTrade:
    """Register the parties and make the shipment."""
    papers = open_paperwork(platform)
    with platform.begin(Duty("onboarding")) as work:
        party = parties.register(work, "consignee", "Consignee GmbH", "DE", [PartyRole.TRADER])
        papers.trade.actors["consignee"] = parties.actor_of(party, "client:consignee")
    return TitleTrade(papers, papers.trade.ship())
