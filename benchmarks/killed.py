"""Kill a command at a hundred random moments and count what is left: python killed.py [TIMES]

What a test does six times in a few seconds, for longer: ``run`` and ``bundle`` on the STAR study.  Anything but the
old output or the new one, whole, is printed and ends with status 1.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "review"))
sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "identities"))

from test_killed import RUN, content, kill_at_random

STUDY = Path(__file__).parents[1] / "analyses" / "star-kindergarten" / "study.toml"


def main() -> int:
    """Kill, look, count."""
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    broken = 0
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        for verb, source, out in (("run", STUDY, place / "out"), ("bundle", place / "out", place / "b.zip")):
            seen = kill_at_random([*RUN, verb, str(source), "--out", str(out)], out, times, seed=2)
            left = Counter("nothing" if one is None else one[:8] for one in seen)
            whole = {content(out)}
            left_beside = [path.name for path in place.iterdir() if "expeval-" in path.name]
            print(f"{verb}: killed {times} times; outputs seen: {dict(left)}; left beside: {left_beside}")
            broken += seen != whole or bool(left_beside)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
