"""Puts nist_problems, which docs/make_accuracy.py reads too, where the tests find it."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
