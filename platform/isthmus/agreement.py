"""``isthmus agreement``: what may cross, from the draft in a file to the version in force on the bridge.

A draft is a file that nobody has signed. With one party's signature it is proposed, with both it is active,
until a party suspends it or a higher version supersedes it. Each party signs on its own machine, with its own
key; anybody may carry document and signatures to the bridge, which believes the signatures alone.
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console

from isthmus.errors import CannotRun

if TYPE_CHECKING:
    from isthmus_bridge.prover.proof import Finding
    from isthmus_protocol.keys import SigningKey

SIDES = click.Choice(["operator", "authority"])
FILE = click.Path(path_type=Path, dir_okay=False)
CLAIMS = "claims.json"

said = Console(highlight=False, soft_wrap=True, markup=False)


@click.group()
def agreement() -> None:
    """Draft, prove, sign and stop agreements: what may cross the bridge."""


@agreement.command()
@click.argument("files", nargs=-1, required=True, type=FILE)
def lint(files: tuple[Path, ...]) -> None:
    """Say what is wrong with agreements in FILES, each alone and among each other; exit 1 if anything is."""
    from isthmus import agreement_files

    remarks = agreement_files.lint(files)
    for remark in remarks:
        said.print(f"  {'wrong' if remark.wrong else 'note '}  {remark.file}: {remark.text}")
    wrong = any(remark.wrong for remark in remarks)
    if not wrong:
        said.print(f"  in order  {len(files)} agreement{'s' if len(files) > 1 else ''}")
    sys.exit(1 if wrong else 0)


@agreement.command()
@click.argument("what", metavar="FILE|ID")
@click.option("--version", "number", type=int, metavar="N", help="This version, not the latest.")
def show(what: str, number: int | None) -> None:
    """Show an agreement: a draft in a FILE, or by its ID what the bridge holds of it, with its history."""
    from isthmus import agreement_bridge, agreement_files
    from isthmus.agreement_words import history, table
    from isthmus_protocol.agreements import Agreement

    if Path(what).is_file():
        said.print(table(agreement_files.read(Path(what)), "DRAFT (as in this file)"))
        return
    versions = [each for each in agreement_bridge.listing() if each["id"] == what]
    if not versions:
        raise CannotRun(f"There is no file {what}, and the bridge knows no agreement of this id.")
    wanted = [each for each in versions if number in (None, each["version"])]
    if not wanted:
        raise CannotRun(f"The bridge knows no version {number} of {what}.")
    said.print(table(Agreement.from_json(wanted[-1]["document"]), wanted[-1]["status"]))
    said.print(history(versions))


@agreement.command()
@click.argument("old", type=FILE)
@click.argument("new", type=FILE)
def diff(old: Path, new: Path) -> None:
    """Say in words what the NEW version lets cross that the OLD one does not, and what no longer crosses."""
    from isthmus import agreement_files
    from isthmus.agreement_words import other_changes
    from isthmus_bridge.prover.flows import gained, in_words

    before, after = agreement_files.read(old), agreement_files.read(new)
    for title, sentences in (
        ("Newly permitted:", in_words(gained([before], [after]))),
        ("No longer permitted:", in_words(gained([after], [before]))),
        ("Also changed:", other_changes(before, after)),
    ):
        said.print(title if sentences else f"{title} nothing")
        for sentence in sentences:
            said.print(f"  {sentence}")


@agreement.command()
@click.argument("files", nargs=-1, type=FILE, metavar="[AGREEMENT...]")
@click.option(
    "--claims", type=FILE, metavar="FILE", help="The claims; claims.json beside the agreements, or above."
)
@click.option("--live", is_flag=True, help="Of the agreements that are in force on the bridge, not of files.")
def prove(files: tuple[Path, ...], claims: Path | None, *, live: bool) -> None:
    """Check what is claimed of these agreements, all taken as signed, for every request there can be.

    With --live they are those by which the bridge lets cross; claims.json is then looked for here.

    A claim that fails is shown with a request that the gate itself lets cross. Exits 0 when all claims hold,
    else 1.
    """
    from isthmus import agreement_bridge, agreement_files
    from isthmus_bridge.prover import proof

    if live == bool(files):
        raise CannotRun("Name files of agreements, or --live for those of the bridge.")
    known = agreement_bridge.in_force() if live else [agreement_files.read(file) for file in files]
    if not known:
        raise CannotRun(
            "No agreement is in force on the bridge: nothing crosses, and nothing is to be proven."
        )
    found = claims or _beside(Path(CLAIMS) if live else files[0])
    try:
        findings = proof.prove(known, agreement_files.read_claims(found))
    except proof.Undecided as reason:
        raise CannotRun(f"Nothing is proven: {reason}.") from None
    for finding in findings:
        _tell(finding)
    broken = sum(not finding.holds for finding in findings)
    if live:
        said.print(f"{len(known)} agreements in force on the bridge, signatures verified")
    said.print(f"{len(findings)} claims of {found}: {len(findings) - broken} hold, {broken} fail")
    sys.exit(1 if broken else 0)


def _beside(file: Path) -> Path:
    for folder in (file.parent, file.absolute().parent.parent):
        if (folder / CLAIMS).is_file():
            return folder / CLAIMS
    raise CannotRun(f"There is no {CLAIMS} beside {file} or in the folder above: name one with --claims.")


def _tell(finding: "Finding") -> None:
    from isthmus.agreement_words import in_example

    said.print(f"  {'holds' if finding.holds else 'FAILS'}  {finding.claim.says}")
    if finding.example is not None:
        for line in in_example(finding.example):
            said.print(f"           {line}")


@agreement.command()
@click.argument("file", type=FILE)
@click.option("--as", "side", type=SIDES, required=True, help="For whom you sign.")
@click.option("--key", type=FILE, required=True, help="That party's private key, Ed25519 in PKCS #8 PEM.")
@click.option("--by", "person", metavar="NAME", help="Who you are; needed where the draft names its drafter.")
@click.option("--output", "-o", type=FILE, help="Where the signature goes; standard output if not given.")
def sign(file: Path, side: str, key: Path, person: str | None, output: Path | None) -> None:
    """Sign the agreement in FILE for one party; the signature (a JWS) is for this very text.

    Where the text says who drafted it (draftedBy), the signers are two named persons: nobody, the drafter
    included, signs for both parties.
    """
    from isthmus import agreement_bridge, agreement_files
    from isthmus_protocol.agreements import sign_agreement
    from isthmus_protocol.shapes import NAME

    signer = agreement_bridge.own_key(side, key)
    document = agreement_files.read(file)
    if person is None and document.drafted_by is not None:
        raise CannotRun(f"{file} was drafted by {document.drafted_by}: say with --by who signs it.")
    if person is not None and NAME.fullmatch(person) is None:
        raise CannotRun(f"{person!r} is no name: letters, digits and ._:@- are.")
    token = sign_agreement(signer, document, person)
    if output is None:
        click.echo(token)
        return
    output.write_text(token + "\n")
    said.print(f"Signed for the {side} by {signer.kid}: {output}")


@agreement.command()
@click.argument("file", type=FILE)
@click.argument("signatures", nargs=-1, required=True, type=FILE, metavar="SIGNATURE...")
def activate(file: Path, signatures: tuple[Path, ...]) -> None:
    """Put the agreement in FILE to the bridge with its SIGNATURE files.

    With one it is proposed, and permits nothing until the other party's comes; with both it is in force.
    """
    from isthmus import agreement_bridge, agreement_files

    tokens = [agreement_files.read_signature(each) for each in signatures]
    if len({agreement_files.signer_of(token) for token in tokens}) != len(tokens):
        raise CannotRun("Both signatures are by the same key: each party signs with its own.")
    document = agreement_files.read(file)
    answer = agreement_bridge.put(document, tokens)
    said.print(f"{document.id} version {document.version}: {answer['status']}")
    if answer["status"] == "PROPOSED":
        said.print(
            "Next: the other party signs it (isthmus agreement sign), and it is put to the bridge again."
        )


@agreement.command()
@click.argument("id_", metavar="ID")
@click.option("--reason", required=True, help="Why; it is kept with the suspension.")
@click.option("--version", "number", type=int, metavar="N", help="This version alone.")
@click.option("--as", "side", type=SIDES, required=True, help="Which party suspends.")
@click.option("--key", type=FILE, required=True, help="That party's private key, Ed25519 in PKCS #8 PEM.")
def suspend(id_: str, reason: str, number: int | None, side: str, key: Path) -> None:
    """Stop the agreement ID at once, for one party alone. It is not resumed, only agreed anew."""
    from isthmus import agreement_bridge

    signer: SigningKey = agreement_bridge.own_key(side, key)
    agreement_bridge.suspend(signer, id_, number, reason)
    what = "all its versions, later ones included" if number is None else f"version {number}"
    said.print(f"{id_}: suspended by the {side}, {what}")
