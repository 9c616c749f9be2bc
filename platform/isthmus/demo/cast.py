"""The demonstration's ten parties: who they are, and how each of them comes in."""

import secrets
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from isthmus.home import Home, read_json, write_json, write_private
from isthmus_platform import access, parties
from isthmus_platform.database import Actor, Duty, PartyRole, Platform, Work
from isthmus_platform.errors import Conflict, NotFound
from isthmus_protocol.keys import Holder, SigningKey


@dataclass(frozen=True)
class Part:
    """A party of the story; ``name`` is its slug, its API client's id and the start of its address."""

    name: str
    legal_name: str
    country: str
    role: PartyRole
    comes_for: str
    """What it finds on the platform, in a few words."""

    @property
    def email(self) -> str:
        """The address its person signs in with (``.example`` is reserved, RFC 2606)."""
        return f"{self.name}@isthmus.example"


COLLEAGUE = "trader-colleague"
"""A second person of the trader, for what two people decide; not among the invitations."""


PARTS = (
    Part(
        "trader",
        "Formosa Precision Machinery Co., Ltd.",
        "TW",
        PartyRole.TRADER,
        "its shipment, its documents, and who saw them",
    ),
    Part(
        "forwarder",
        "Strait Bridge Forwarding Co., Ltd.",
        "TW",
        PartyRole.FORWARDER,
        "tracking, and filing for the trader",
    ),
    Part("carrier", "Meridian Container Line Pte. Ltd.", "SG", PartyRole.CARRIER, "its own shipments"),
    Part(
        "bank",
        "Southern Harbour Bank",
        "TW",
        PartyRole.BANK,
        "the documents it was granted, and one question to the window",
    ),
    Part(
        "buyers-bank",
        "Elbe Handelsbank AG",
        "DE",
        PartyRole.BANK,
        "what it was granted, and whether an invoice is financed already",
    ),
    Part(
        "insurer",
        "Polaris Marine Insurance Ltd.",
        "GB",
        PartyRole.INSURER,
        "what it was granted, and the covers it gave",
    ),
    Part(
        "consignee", "Hanseatische Werkzeugmaschinen GmbH", "DE", PartyRole.TRADER, "the title to its goods"
    ),
    Part(
        "terminal",
        "Hansa Container Terminal GmbH",
        "DE",
        PartyRole.TERMINAL,
        "telling when cargo arrives, and the slots of its gates",
    ),
    Part(
        "operator", "Isthmus Concession Company", "TW", PartyRole.OPERATOR, "usage and invoices; no contents"
    ),
    Part(
        "authority", "Customs Administration", "TW", PartyRole.AUTHORITY, "every crossing, with its evidence"
    ),
)


REVIEWER = "consignee.reviewer"
"""A second client of the consignee's, for what must not be done by who did the first step."""


@dataclass(frozen=True)
class SignIn:
    """How a person of a party signs in on the portal."""

    email: str
    password: str
    comes_for: str


def enrol(platform: Platform, home: Home) -> dict[str, Actor]:
    """Register the parties that are not there yet, each with a user and an API client; return who may act.

    Private keys and passwords are made here and kept in the home, for its owner only.
    """
    folder = home.path / "demo"
    (folder / "clients").mkdir(parents=True, exist_ok=True, mode=0o700)
    passwords = read_json(_passwords(folder))
    with platform.begin(Duty("onboarding")) as work:
        known = {party.name for party in parties.directory(work)}
    for part in PARTS:
        if part.name in known:
            continue
        # What is written before the commit is used by it or, if that fails, replaced by the next attempt.
        passwords[part.name] = secrets.token_urlsafe(9)
        write_json(_passwords(folder), passwords)
        jwk = _new_key(folder, part.name)
        with platform.begin(Duty("onboarding")) as work:
            parties.register(work, part.name, part.legal_name, part.country, [part.role])
            access.add_user(work, part.name, part.email, passwords[part.name])
            access.add_client(work, part.name, part.name, [jwk])
    passwords.setdefault(COLLEAGUE, secrets.token_urlsafe(9))
    write_json(_passwords(folder), passwords)
    with suppress(Conflict), platform.begin(Duty("onboarding")) as work:
        access.add_user(work, "trader", f"{COLLEAGUE}@isthmus.example", passwords[COLLEAGUE])
    with platform.begin(Duty("onboarding")) as work:
        if not _is_known(work, REVIEWER):
            access.add_client(work, REVIEWER.partition(".")[0], REVIEWER, [_new_key(folder, REVIEWER)])
        return {party.name: parties.actor_of(party, "demo") for party in parties.directory(work)}


def _new_key(folder: Path, client_id: str) -> dict[str, str]:
    """Make a client's key, keep it, and return its public part (JWK)."""
    key = SigningKey.generate(Holder.PLATFORM)
    write_private(folder / "clients" / f"{client_id}.pem", key.to_pem())
    return {"kty": "OKP", "crv": "Ed25519", "x": key.public.x, "kid": key.kid, "alg": "EdDSA", "use": "sig"}


def _is_known(work: Work, client_id: str) -> bool:
    try:
        access.client_named(work, client_id)
    except NotFound:
        return False
    return True


def sign_ins(home: Home) -> dict[str, SignIn]:
    """Return each party's sign-in, by name; nothing where the demonstration was not loaded."""
    passwords = read_json(_passwords(home.path / "demo"))
    return {
        part.name: SignIn(part.email, passwords[part.name], part.comes_for)
        for part in PARTS
        if part.name in passwords
    }


def password(folder: Path, name: str) -> str:
    """Return the password of a person of the story, by the start of the address."""
    found: str = read_json(_passwords(folder))[name]
    return found


def _passwords(folder: Path) -> Path:
    return folder / "passwords.json"
