"""A wheel of this package alone: what an auditor installs, ``python -m isthmus_protocol.wheel [FOLDER]``.

It needs nothing but Python, so that it is built from a plain checkout whose text has been read. The same text
gives the same bytes, whoever builds it: two auditors compare one digest.
"""

import base64
import hashlib
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

NAME = "isthmus_protocol"
VERSION = "0.1.0"
REQUIRES = (
    "cryptography>=44",
    "lxml>=6",
    "orjson>=3.10",
    "pynacl>=1.5",
    "rfc8785>=0.1.4",
    "voprf>=0.2",
)
"""The distributions of others that this package imports, bounded as the whole of Isthmus bounds them."""

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip file can say


def build(folder: Path) -> Path:
    """Write the wheel (PyPA binary distribution format 1.0) to ``folder`` and return its path."""
    source = Path(__file__).parent
    info = f"{NAME}-{VERSION}.dist-info"
    files = {
        f"{NAME}/{file.relative_to(source).as_posix()}": file.read_bytes()
        for file in sorted(source.rglob("*"))
        if file.is_file() and "__pycache__" not in file.parts
    }
    files[f"{info}/METADATA"] = _lines(
        "Metadata-Version: 2.1",
        f"Name: {NAME.replace('_', '-')}",
        f"Version: {VERSION}",
        "Requires-Python: >=3.11",
        *(f"Requires-Dist: {requirement}" for requirement in REQUIRES),
    )
    files[f"{info}/WHEEL"] = _lines(
        "Wheel-Version: 1.0", f"Generator: {NAME}", "Root-Is-Purelib: true", "Tag: py3-none-any"
    )
    record = f"{info}/RECORD"
    files[record] = _lines(*(f"{name},{_digest(content)}" for name, content in files.items()), f"{record},,")
    wheel = folder / f"{NAME}-{VERSION}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_STORED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content)
    return wheel


def main(argv: Sequence[str] | None = None) -> int:
    """Build the wheel in the folder that ``argv`` names, or here, and say its path and its SHA-256."""
    arguments = sys.argv[1:] if argv is None else argv
    wheel = build(Path(arguments[0] if arguments else "."))
    sys.stdout.write(f"{wheel}\nsha256 {hashlib.sha256(wheel.read_bytes()).hexdigest()}\n")
    return 0


def _lines(*lines: str) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


def _digest(content: bytes) -> str:
    hashed = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    return f"sha256={hashed},{len(content)}"


if __name__ == "__main__":
    raise SystemExit(main())
