"""Kill the upload pages at random moments while teachers upload: python killed_uploads.py [TIMES [SEED]]

What a test does a few times, for longer.  After each kill -9 every receipt that was shown is looked for, every upload
is whole or absent, and the rows that count are those of the file that was confirmed last; anything else ends with an
error.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "web"))

from test_kill import TEACHERS, killed


def main() -> int:
    """Kill, look, count."""
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 2
    with tempfile.TemporaryDirectory() as folder:
        count = killed(Path(folder), times, seed)
    print(f"{TEACHERS} teachers, killed {count.kills} times: {count.sent} uploads begun")
    print(f"receipts shown: {count.shown}, all there")
    print(f"accepted, whole, while the line broke before the receipt was shown: {count.unseen}")
    print(f"drafts left, whole: {count.drafts}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
