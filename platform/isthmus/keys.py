"""The key files of one machine: made in development, only read in production.

``keys/<holder>.pem`` are Ed25519 keys, ``keys/tokens/*.pem`` sign access tokens, ``keys/master.key`` wraps
the owners' document keys, ``keys/subject.key`` hides a consignment's UCR in the bridge's log,
``keys/financing.key`` is behind the marks of invoices, and ``keys/trust.json`` lists the public keys that
everybody trusts. A machine of one side holds only that side's
private keys.
"""

import hashlib
import json
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from isthmus.errors import CannotRun
from isthmus.home import Home, write_private
from isthmus.settings import Process
from isthmus.watched import Watched
from isthmus_protocol.keys import Holder, Keyring, RotatingKey, RotatingKeyring, SigningKey

SECRET_BYTES = 32


@dataclass(frozen=True)
class KeyFolder:
    """Reads what a process needs; a missing or unreadable key raises :class:`CannotRun` naming the file."""

    path: Path = field(repr=False)

    def signing_key(self, holder: Holder) -> SigningKey:
        """Return the private key of ``holder``."""
        file = self.signing_file(holder)
        try:
            return SigningKey.from_pem(holder, self._read(file))
        except (ValueError, TypeError) as error:
            raise CannotRun(f"{file} is not an Ed25519 key in PKCS #8 PEM: {error}.") from None

    def token_keys(self) -> dict[str, SigningKey]:
        """Return the keys that sign access tokens, by file name; the last one signs, all verify."""
        files = sorted((self.path / "tokens").glob("*.pem"))
        if not files:
            raise CannotRun(f"{self.path / 'tokens'} holds no key: put one there, in PKCS #8 PEM.")
        return {file.stem: SigningKey.from_pem(Holder.PLATFORM, self._read(file)) for file in files}

    def nonce_secret(self) -> bytes:
        """Return the secret of DPoP nonces: of all web processes alike, for it follows from their key."""
        newest = list(self.token_keys().values())[-1]
        return hashlib.sha256(b"isthmus dpop-nonce\n" + newest.to_pem()).digest()

    def master_key(self) -> bytes:
        """Return the 32 bytes that wrap the owners' document keys."""
        return self._secret("master.key")

    def subject_key(self) -> bytes:
        """Return the 32 bytes of the bridge's keyed hash of a UCR."""
        return self._secret("subject.key")

    def financing_key(self) -> bytes:
        """Return the 32 bytes from which the bridge's key behind the marks of invoices follows."""
        return self._secret("financing.key")

    def trust(self) -> Keyring:
        """Return the public keys that everybody trusts."""
        file = self.path / "trust.json"
        try:
            return Keyring.from_json(json.loads(self._read(file)))
        except ValueError as error:
            raise CannotRun(f"{file} is not a list of trusted keys: {error}.") from None

    def rotating_key(self, holder: Holder) -> SigningKey:
        """Return the private key of ``holder`` for a process that lives on: each use looks at the file."""
        self.signing_key(holder)
        return RotatingKey(holder, Watched(self.signing_file(holder), lambda: self.signing_key(holder)))

    def rotating_trust(self) -> Keyring:
        """Return the trusted keys for a process that lives on: the file is looked at each use."""
        self.trust()
        return RotatingKeyring(Watched(self.path / "trust.json", self.trust))

    def problems(self, *processes: Process) -> list[str]:
        """Return what is missing for ``processes`` in this folder, or open to others, a line each."""
        files = [self.path / "trust.json"]
        for process, holders in SIGNS.items():
            if process in processes:
                files += [self.signing_file(holder) for holder in holders]
        if {Process.WEB, Process.WORKER} & set(processes):
            files.append(self.path / "master.key")
        if {Process.BRIDGE, Process.BRIDGE_WORKER} & set(processes):
            files.append(self.path / "subject.key")
        if Process.BRIDGE in processes:
            files.append(self.path / "financing.key")
        files = list(dict.fromkeys(files))
        missing = [f"{file.name} is missing" for file in files if not file.exists()]
        exposed = [
            f"{file} can be read by others: chmod 600 {file}"
            for file in files
            if file.name != "trust.json" and file.exists() and file.stat().st_mode & 0o077
        ]
        if Process.WEB in processes and not list((self.path / "tokens").glob("*.pem")):
            missing.append("tokens/ holds no key for access tokens")
        return missing + exposed

    def signing_file(self, holder: Holder) -> Path:
        """Return where the private key of ``holder`` lies."""
        return self.path / f"{holder.value.lower()}.pem"

    def _secret(self, name: str) -> bytes:
        secret = self._read(self.path / name)
        if len(secret) != SECRET_BYTES:
            raise CannotRun(f"{self.path / name} must hold {SECRET_BYTES} bytes, it holds {len(secret)}.")
        return secret

    def _read(self, file: Path) -> bytes:
        try:
            return file.read_bytes()
        except FileNotFoundError:
            raise CannotRun(
                f"The key {file} is missing. In development `isthmus run` makes it;"
                " in production put it there."
            ) from None


OURS = tuple(holder for holder in Holder if holder is not Holder.PARTY)
"""Whose keys are files of an installation; the parties' own are sealed in the database."""
SIGNS = {
    Process.WEB: (Holder.PLATFORM,),
    Process.WORKER: (Holder.PLATFORM,),
    Process.BRIDGE: (Holder.BRIDGE, Holder.LOG),
    Process.BRIDGE_WORKER: (Holder.BRIDGE, Holder.LOG),
    Process.WINDOW: (Holder.WINDOW,),
    Process.WITNESS: (Holder.WITNESS,),
}


def make_missing(home: Home) -> KeyFolder:
    """Make every key that is not there, for development, and publish the trusted ones.

    A key that exists is never replaced, and one that is trusted never forgotten: what it signed or wrapped
    must stay readable.
    """
    folder = KeyFolder(home.keys)
    (home.keys / "tokens").mkdir(mode=0o700, exist_ok=True)
    for holder in OURS:
        _write_missing(home.keys / f"{holder.value.lower()}.pem", SigningKey.generate(holder).to_pem())
    if not list((home.keys / "tokens").glob("*.pem")):
        _write_missing(home.keys / "tokens" / "0001.pem", SigningKey.generate(Holder.PLATFORM).to_pem())
    for name in ("master.key", "subject.key", "financing.key"):
        _write_missing(home.keys / name, secrets.token_bytes(SECRET_BYTES))
    known = folder.trust() if (home.keys / "trust.json").exists() else Keyring([])
    own = [folder.signing_key(holder).public for holder in OURS]
    news = [key for key in own if known.get(key.kid) is None]
    if news:
        publish(home.keys, Keyring([*known, *news]))
    return folder


def publish(folder: Path, trusted: Keyring) -> None:
    """Replace ``trust.json`` by ``trusted``, at once and whole: what runs sees it at its next use."""
    write_private(folder / "trust.json", json.dumps(trusted.to_json(), indent=1).encode() + b"\n")


def _write_missing(file: Path, content: bytes) -> None:
    if not file.exists():
        write_private(file, content)
