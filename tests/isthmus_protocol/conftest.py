"""The folder of published standards, where there is one."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def transparency() -> Path:
    """Return the folder of published Merkle vectors; the test is skipped where there is none."""
    folder = Path(os.environ.get("ISTHMUS_STANDARDS", ROOT / "../shared/standards")) / "transparency"
    if not folder.is_dir():
        pytest.skip("the published vectors are not here; ISTHMUS_STANDARDS says where they are")
    return folder
