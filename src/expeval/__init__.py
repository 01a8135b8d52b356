"""expeval: statistical evaluation of teaching experiments.

The public names are loaded when first asked for, so that ``import expeval`` costs next to nothing.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

__all__ = [
    "Faults",
    "Results",
    "Scores",
    "Study",
    "__version__",
    "bundle",
    "check",
    "lock",
    "read_scores",
    "read_study",
    "run",
    "verify",
]

if TYPE_CHECKING:
    from expeval.faults import Faults
    from expeval.results import Results
    from expeval.review.bundle import bundle
    from expeval.review.verify import verify
    from expeval.run import check, lock, run
    from expeval.scores.reading import read_scores
    from expeval.scores.table import Scores
    from expeval.study.reading import read_study
    from expeval.study.spec import Study

_HOMES = {
    "Faults": "expeval.faults",
    "Results": "expeval.results",
    "Scores": "expeval.scores.table",
    "Study": "expeval.study.spec",
    "bundle": "expeval.review.bundle",
    "check": "expeval.run",
    "lock": "expeval.run",
    "read_scores": "expeval.scores.reading",
    "read_study": "expeval.study.reading",
    "run": "expeval.run",
    "verify": "expeval.review.verify",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'expeval' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)


class _Package(ModuleType):
    """The package, in which the name ``run`` stays the function.

    Python binds a submodule in its package once it is imported; the module ``expeval.run`` would then hide the
    function of the same name.  It is still there for ``from expeval.run import ...``.
    """

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in _HOMES and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
