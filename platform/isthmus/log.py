"""``isthmus log``: the log's head, its proofs and its audit, fetched from the bridge and verified here.

The bridge is asked and not believed: what is printed as verified was computed from the entries up to a
checkpoint that the log's key has signed, and it is told whether a trusted witness has cosigned that one.
"""

import sys
from pathlib import Path

import click
from rich.console import Console

from isthmus.log_audit import audit

said = Console(highlight=False, soft_wrap=True, markup=False)
noted = Console(stderr=True, highlight=False, soft_wrap=True, markup=False)

TRUST = click.option(
    "--trust",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="The keys you trust, not those of this home.",
)


@click.group()
def log() -> None:
    """Print the log's signed head and its proofs, verified on the way, or audit the whole."""


@log.command()
@click.option("--newest", is_flag=True, help="The newest head, whether the witness has cosigned it or not.")
@TRUST
def checkpoint(trust: Path | None, *, newest: bool) -> None:
    """Print the newest cosigned checkpoint, a signed note; who signed it is told on standard error."""
    from isthmus import log_proofs

    signed = log_proofs.open_log(trust).checkpoint(newest=newest)
    sys.stdout.write(signed.note)
    noted.print("\n".join(signed.told))


@log.command()
@click.argument("index", type=click.IntRange(0))
@TRUST
def inclusion(index: int, trust: Path | None) -> None:
    """Print the proof that the entry INDEX is in the log, and verify it."""
    from isthmus import log_proofs

    proof = log_proofs.open_log(trust).inclusion(index)
    said.print("\n".join(proof.lines))


@log.command()
@click.argument("earlier", metavar="FROM")
@click.argument("later", metavar="TO")
@TRUST
def consistency(earlier: str, later: str, trust: Path | None) -> None:
    """Print the proof that the log of TO entries continues that of FROM entries, and verify it.

    Both are numbers of entries, or files with checkpoints that you kept.
    """
    from isthmus import log_proofs

    proof = log_proofs.open_log(trust).consistency(earlier, later)
    said.print("\n".join(proof.lines))


log.add_command(audit)
