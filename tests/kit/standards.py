"""Where the published standards are that some tests read; they say so plainly where the folder is missing."""

import os
from pathlib import Path

STANDARDS = Path(
    os.environ.get("ISTHMUS_STANDARDS") or Path(__file__).parents[3] / "shared" / "standards"
).resolve()
