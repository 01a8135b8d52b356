"""Kill a command at a hundred random moments and count what is left: python killed.py [TIMES]

What tests do a few times in a few seconds, for longer: ``run`` and ``bundle`` on the STAR study, ``lock`` while it adds
one amendment after the other.  Anything but the old output or the new one, whole, is printed and ends with status 1.
"""

from __future__ import annotations

import random
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "review"))
sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "identities"))
sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "record"))

import lock_examples
from test_killed import RUN, content, kill_at_random
from test_plan_lock import lock, lock_of, read_lock, writer

STUDY = Path(__file__).parents[1] / "analyses" / "star-kindergarten" / "study.toml"


def main() -> int:
    """Kill, look, count."""
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    broken = 0
    # Beside the study: a folder that shares nothing with it but the root does not tell where it is.
    with tempfile.TemporaryDirectory(dir=STUDY.parent) as folder:
        place = Path(folder)
        for verb, source, out in (("run", STUDY, place / "out"), ("bundle", place / "out", place / "b.zip")):
            seen = kill_at_random([*RUN, verb, str(source), "--out", str(out)], out, times, seed=2)
            left = Counter("nothing" if one is None else one[:8] for one in seen)
            whole = {content(out)}
            left_beside = [path.name for path in place.iterdir() if "expeval-" in path.name]
            print(f"{verb}: killed {times} times; outputs seen: {dict(left)}; left beside: {left_beside}")
            broken += seen != whole or bool(left_beside)
    broken += not kill_locks(times)
    return 1 if broken else 0


def kill_locks(times: int) -> bool:
    """Kill who writes amendments; every entry of before must be there, in a chain that can be read."""
    moments, lost = random.Random(2), 0
    with tempfile.TemporaryDirectory() as folder:
        study = Path(folder) / "study.toml"
        study.write_text(lock_examples.STUDY, encoding="utf-8")
        lock(study)
        kept = list(read_lock(study))
        for turn in range(times):
            before = lock_of(study).stat().st_ino
            process = writer(study, 1000 * (turn + 1), 1000)
            while lock_of(study).stat().st_ino == before:
                time.sleep(0.001)  # a kill while Python loads shows nothing
            time.sleep(moments.random() * 0.05)
            process.send_signal(signal.SIGKILL)
            process.wait(10)
            chain = list(read_lock(study))
            lost += chain[: len(kept)] != kept
            kept = chain
        lock(study, "The last one.")
        left = sorted(
            path.name for path in study.parent.iterdir() if path.name not in ("study.toml", "study.lock.json")
        )
    print(f"lock: killed {times} times; entries: {len(kept)}; lost: {lost}; left beside: {left}")
    return not lost and not left


if __name__ == "__main__":
    sys.exit(main())
