"""A trade with papers: documents of the shipment, readers who may be granted them, and how each is read."""

from dataclasses import dataclass, field
from datetime import timedelta
from io import BytesIO
from typing import Any
from uuid import UUID, uuid4

from isthmus_platform import access_log, contents, grants, parties, reading, uploads
from isthmus_platform.access_log import AccessLogEntry, Action
from isthmus_platform.database import Actor, Duty, PartyRole, Platform
from isthmus_platform.encryption import Vault
from isthmus_platform.grants import AccessGrant, GrantDraft
from isthmus_platform.uploads import Stored
from trade import DRAFT, Trade, open_trade

READERS = {"bank": PartyRole.BANK, "insurer": PartyRole.INSURER, "other-bank": PartyRole.BANK}
LIMIT = 4 * 1024 * 1024


@dataclass(frozen=True)
class Paperwork:
    """The trade, and the vault under which its documents are kept."""

    trade: Trade
    vault: Vault = field(default_factory=lambda: Vault(b"k" * 32))

    @property
    def platform(self) -> Platform:
        return self.trade.platform

    def __getitem__(self, name: str) -> Actor:
        return self.trade[name]

    def store(
        self,
        body: bytes = b"an invoice",
        *,
        by: str = "trader",
        reference: str = DRAFT.reference,
        type_code: str = "380",
        title: str | None = None,
        media_type: str = "application/pdf",
        key: str | None = None,
    ) -> Stored:
        """Upload a document as the web process does: ask, receive, store."""
        with self.platform.begin(self[by]) as work:
            upload = uploads.begin_upload(
                work, self.vault, reference, type_code=type_code, title=title, media_type=media_type
            )
        return self._receive(by, upload, body, key)

    def add_version(self, document_id: UUID, body: bytes, *, by: str = "trader") -> Stored:
        with self.platform.begin(self[by]) as work:
            upload = uploads.begin_version(work, self.vault, document_id, media_type="text/plain")
        return self._receive(by, upload, body, None)

    def _receive(self, by: str, upload: uploads.Upload, body: bytes, key: str | None) -> Stored:
        with (
            upload.receive(BytesIO(body).read, LIMIT) as received,
            self.platform.begin(self[by]) as work,
        ):
            return uploads.store(work, upload, received, idempotency_key=key or str(uuid4()))

    def grant(self, *document_ids: UUID, by: str = "trader", **changes: Any) -> AccessGrant:
        """Grant documents to the bank for a month, unless ``changes`` say otherwise."""
        draft: dict[str, Any] = {
            "reader": "bank",
            "purpose": "TRADE_FINANCE",
            "valid_until": self.platform.clock() + timedelta(days=30),
            "documents": document_ids,
        } | changes
        with self.platform.begin(self[by]) as work:
            return grants.grant(work, GrantDraft(**draft))

    def revoke(self, grant: AccessGrant, by: str = "trader") -> AccessGrant:
        with self.platform.begin(self[by]) as work:
            return grants.revoke(work, grant.id)

    def read(self, by: str, document_id: UUID, number: int | None = None) -> bytes:
        """Download a document as the web process does, refusals recorded."""
        with (
            reading.attempt(self.platform, self[by], Action.CONTENT),
            self.platform.begin(self[by]) as work,
        ):
            opened = reading.open_contents(work, self.vault, document_id, number)
        return b"".join(contents.contents(self.platform, self[by], opened.version, opened.key))

    def log(self, owner: str = "trader") -> list[AccessLogEntry]:
        """Return the owner's access log, oldest first."""
        with self.platform.begin(self[owner]) as work:
            return list(reversed(access_log.page(work, first=1000)))


def open_paperwork(platform: Platform) -> Paperwork:
    """Register the parties of the trade and the readers."""
    trade = open_trade(platform)
    with platform.begin(Duty("onboarding")) as work:
        for name, role in READERS.items():
            party = parties.register(work, name, f"{name.capitalize()} Ltd", "TW", [role])
            trade.actors[name] = parties.actor_of(party, f"client:{name}")
    return Paperwork(trade)
