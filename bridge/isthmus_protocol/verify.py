"""Check a file that proves something: ``python -m isthmus_protocol.verify FILE [--trust FILE]``.

Evidence, a fraud proof, a document, a title, a proof of delivery, or an insurance cover or claim: the file's
``format`` says which; a document may be inside a PDF that carries it. Exit 0 says that what the file claims
is proven: for evidence that the crossing happened as it says, for a fraud proof that the log has contradicted
itself, for a document that its issuer signed what it shows and had not revoked it, for a title who held it
when, for a delivery who signed for it, for a cover or claim who did what, and how it stands. Exit 1 says that
nothing is proven.

Needs nothing but this package and its dependencies: no network, no database, nobody's leave.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from isthmus_protocol.canonical import JsonObject, MalformedJson, canonical, parse
from isthmus_protocol.delivery_file import is_delivery_file, verify_delivery
from isthmus_protocol.documents import is_signed_document, verify_document
from isthmus_protocol.evidence import Check, Verdict, verify_bundle
from isthmus_protocol.fraud import Verdict as FraudVerdict
from isthmus_protocol.fraud import verify_fraud
from isthmus_protocol.fraud_proofs import Kind, is_fraud_proof
from isthmus_protocol.insurance_file import is_insurance_file, verify_insurance
from isthmus_protocol.keys import Keyring
from isthmus_protocol.log_time import LaterHead
from isthmus_protocol.pdf import is_pdf, signed_document
from isthmus_protocol.shapes import MalformedMessage
from isthmus_protocol.title_file import is_title_file, verify_title

FROM_PDF = "This is what the PDF carries, and what was signed; compare its pages with it.\n\n"


def main(argv: Sequence[str] | None = None) -> int:
    """Check the file that ``argv`` names, print what was found, and return 0 when all holds, else 1."""
    arguments = _arguments(argv)
    try:
        data = arguments.bundle.read_bytes()
        trust = None if arguments.trust is None else Keyring.from_json(parse(arguments.trust.read_bytes()))
        later = None if arguments.later is None else LaterHead.from_json(parse(arguments.later.read_bytes()))
        if is_pdf(data):
            data = signed_document(data)
            sys.stdout.write(FROM_PDF)
    except (OSError, MalformedJson, MalformedMessage) as error:
        sys.stderr.write(f"Cannot read: {error}\n")
        return 1
    if is_signed_document(data):
        document, said = verify_document(data, trust)
        sys.stdout.write("\n".join(report_document(document, said, trusted=trust is not None)) + "\n")
        return 0 if document.passed else 1
    if is_title_file(data):
        title, steps = verify_title(data, trust)
        sys.stdout.write("\n".join([*steps, *report(title, trusted=trust is not None)]) + "\n")
        return 0 if title.passed else 1
    if is_delivery_file(data):
        delivery, told = verify_delivery(data, trust)
        sys.stdout.write("\n".join([*told, *report(delivery, trusted=trust is not None)]) + "\n")
        return 0 if delivery.passed else 1
    if is_insurance_file(data):
        insurance, story = verify_insurance(data, trust)
        sys.stdout.write("\n".join([*story, *report(insurance, trusted=trust is not None)]) + "\n")
        return 0 if insurance.passed else 1
    if is_fraud_proof(data):
        found = verify_fraud(data, trust)
        sys.stdout.write("\n".join(report_fraud(found, trusted=trust is not None)) + "\n")
        return 0 if found.passed else 1
    verdict = verify_bundle(data, trust, later)
    sys.stdout.write("\n".join(report(verdict, trusted=trust is not None)) + "\n")
    return 0 if verdict.passed else 1


def report(verdict: Verdict, *, trusted: bool) -> list[str]:
    """Return ``verdict`` as lines for a person; ``trusted`` says whether keys were given to compare with."""
    lines = _listed(verdict.checks)
    if not verdict.passed:
        return [*lines, "", "NOT VERIFIED: do not rely on this bundle."]
    if trusted:
        return [*lines, "", "VERIFIED against the trusted keys."]
    note = "VERIFIED in itself. Compare these keys with those the parties publish, or use --trust FILE:"
    return [*lines, "", note, *(f"  {fingerprint}" for fingerprint in verdict.fingerprints)]


def report_document(verdict: Verdict, said: JsonObject | None, *, trusted: bool) -> list[str]:
    """Return the verdict on a signed document, and what it says, as lines for a person."""
    lines = [] if said is None else [f"{name}: {canonical(said[name]).decode()}" for name in sorted(said)]
    return [*lines, *([""] if lines else []), *report(verdict, trusted=trusted)]


def report_fraud(verdict: FraudVerdict, *, trusted: bool) -> list[str]:
    """Return the verdict on a fraud proof as lines for a person."""
    lines = _listed(verdict.checks)
    if not verdict.passed:
        return [*lines, "", "NOT PROVEN: this file shows no fraud."]
    lines += ["", *verdict.story, ""]
    if verdict.kind is Kind.DENIED_BY_BOTH:
        said = "FRAUD PROVEN by these keys: of the log, unless both sides lie together."
        return [*lines, said, *([] if trusted else verdict.fingerprints)]
    if trusted:
        return [*lines, "FRAUD PROVEN: the log contradicts itself, by the signatures of its trusted key."]
    note = "FRAUD PROVEN against whoever holds this key. Compare it with the log's, or use --trust FILE:"
    return [*lines, note, *(f"  {fingerprint}" for fingerprint in verdict.fingerprints)]


def _listed(checks: Sequence[Check]) -> list[str]:
    return [f"{'pass' if check.passed else 'FAIL'}  {check.name:<10}  {check.detail}" for check in checks]


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="isthmus verify",
        description="Check evidence, a proof of fraud or delivery, a document, a title or insurance offline.",
    )
    parser.add_argument(
        "bundle",
        type=Path,
        metavar="BUNDLE",
        help="evidence, a proof of fraud or delivery, a document, a title, a cover or claim: JSON, or a PDF",
    )
    parser.add_argument(
        "--trust", type=Path, metavar="FILE", help='the keys you trust, as {"keys": [{"kid", "holder", "x"}]}'
    )
    parser.add_argument(
        "--later",
        type=Path,
        metavar="FILE",
        help='a later checkpoint, where the log\'s key was revoked: {"checkpoint", "proof": [consistency]}',
    )
    return parser.parse_args(argv)


if __name__ == "__main__":
    raise SystemExit(main())
