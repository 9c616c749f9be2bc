"""``isthmus log audit``: the bridge's log as somebody reads it who trusts neither side."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import httpx
from rich.console import Console

from isthmus.errors import CannotRun

if TYPE_CHECKING:
    from isthmus.log_spool import Spool
    from isthmus.settings import Settings
    from isthmus_protocol.auditing import Audit, Kept
    from isthmus_protocol.keys import Keyring, SigningKey

PAGE = 1000
FILE = click.Path(path_type=Path, dir_okay=False, exists=True)

said = Console(highlight=False, soft_wrap=True, markup=False)


@click.command()
@click.argument("kept", nargs=-1, type=FILE)
@click.option("--as", "side", type=click.Choice(["authority", "platform"]), default="authority")
@click.option("--key", type=FILE, help="The side's key; this home's when none is given.")
@click.option("--platform", "own", is_flag=True, help="Also hold it to what this platform was promised.")
@click.option("--proof", type=click.Path(path_type=Path, dir_okay=False), default=Path("fraud.json"))
def audit(*, kept: tuple[Path, ...], side: str, key: Path | None, own: bool, proof: Path) -> None:
    """Download the whole log and hold it to all that it signed before.

    KEPT are files with what you hold: evidence bundles, checkpoints, or promises, receipts and
    acknowledgements, one a line. Where the log contradicts itself, a proof is written that `isthmus verify`
    explains to anybody. Exit 0 when nothing speaks against the log, else 1.
    """
    from isthmus.agreement_bridge import own_key
    from isthmus.home import home_of
    from isthmus.keys import KeyFolder
    from isthmus.log_spool import Spool
    from isthmus.settings import load
    from isthmus_protocol.auditing import audit_entries
    from isthmus_protocol.keys import Holder, SignatureError

    settings = load()
    keys = KeyFolder(home_of(settings.home).keys)
    keyring = keys.trust()
    caller = keys.signing_key(Holder(side.upper())) if key is None else own_key(side, key)
    held = _read(kept, keyring, _own(settings) if own else [])
    note = _get(settings.bridge_address, "/v1/log/checkpoint?cosigned=false", caller).text
    spool = Spool()
    try:
        _download(settings.bridge_address, caller, spool)
        found = audit_entries(spool, note, keyring, held)
    except SignatureError as error:
        raise CannotRun(f"The bridge's checkpoint is not the log's: {error}.") from None
    finally:
        spool.close()
    _tell(found, proof)
    sys.exit(0 if found.sound else 1)


def _tell(found: "Audit", file: Path) -> None:
    for line in found.held:
        said.print(f"  holds  {line}")
    for line in found.doubts:
        said.print(f"  DOUBT  {line}")
    if found.proof is None:
        said.print("Nothing speaks against the log." if found.sound else "The log is not what it should be.")
        return
    file.write_bytes(found.proof.to_bytes())
    said.print(f"  FRAUD  {found.proof.kind}: the log contradicts what was signed")
    said.print(f"Next: isthmus verify {file}, and hand it to whom it concerns.")


def _read(files: tuple[Path, ...], keyring: "Keyring", tokens: list[str]) -> "Kept":
    """Return what is held, each in its kind."""
    from isthmus_protocol.auditing import Kept
    from isthmus_protocol.canonical import MalformedJson
    from isthmus_protocol.evidence import Bundle
    from isthmus_protocol.shapes import MalformedMessage

    notes: list[str] = []
    for file in files:
        data = file.read_bytes()
        try:
            if data.startswith(b"{"):
                bundle = Bundle.from_bytes(data)
                notes.append(bundle.checkpoint)
                tokens += [] if bundle.receipt is None else [bundle.receipt]
            elif b"\n\n" in data:
                notes.append(data.decode())
            else:
                tokens += data.decode().split()
        except (MalformedJson, MalformedMessage, UnicodeDecodeError) as error:
            raise CannotRun(f"{file} is neither evidence nor a checkpoint nor promises: {error}.") from None
    promises = [token for token in tokens if _is_promise(token, keyring)]
    return Kept(notes, promises, [token for token in tokens if token not in set(promises)])


def _is_promise(token: str, keyring: "Keyring") -> bool:
    from isthmus_protocol.keys import SignatureError
    from isthmus_protocol.promises import open_promise

    try:
        open_promise(token, keyring.bare)
    except SignatureError:
        return False
    return True


def _own(settings: "Settings") -> list[str]:
    """Return the promises and receipts that this platform keeps."""
    from isthmus import addresses
    from isthmus.home import home_of
    from isthmus_platform import crossings
    from isthmus_platform.database import Platform, create_platform_engine

    located = addresses.located(home_of(settings.home), settings)
    engine = create_platform_engine(addresses.needed(located.database_url, "DATABASE_URL"))
    try:
        with Platform(engine).begin(crossings.BRIDGE) as work:
            return crossings.signed_words(work)
    finally:
        engine.dispose()


def _download(address: str, caller: "SigningKey", spool: "Spool") -> None:
    """Put the log's entries on the disk, from the first to the last, a page at a time."""
    while True:
        start = len(spool)
        page: dict[str, Any] = _get(address, f"/v1/log/entries?start={start}&limit={PAGE}", caller).json()
        if [each["index"] for each in page["entries"]] != [*range(start, start + len(page["entries"]))]:
            raise CannotRun("The bridge leaves out entries of its log.")
        spool.extend([each["record"] for each in page["entries"]])
        if not page["entries"] or len(spool) >= page["size"]:
            return


def _get(address: str, path: str, caller: "SigningKey") -> httpx.Response:
    from isthmus_bridge.service import utc_now
    from isthmus_protocol.http_signatures import sign_request

    url = f"{address}{path}"
    headers = sign_request(caller, "GET", url, b"", now=utc_now())
    try:
        answer = httpx.get(url, headers=headers, timeout=30, trust_env=False)
    except httpx.TransportError:
        raise CannotRun(f"No bridge answers at {address}.") from None
    if not answer.is_success:
        raise CannotRun(f"The bridge refuses to show its log (HTTP {answer.status_code}).")
    return answer
