"""expeval itself as a wheel, made of the files that run: a bundle must not depend on any place to download it from."""

from __future__ import annotations

import base64
import hashlib
from importlib import metadata
from pathlib import Path

import expeval

_WHEEL = "Wheel-Version: 1.0\nGenerator: expeval bundle\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
_ENTRY = "[console_scripts]\nexpeval = expeval.cli.app:main\n"


def wheel_name() -> str:
    """The file name that installers ask for."""
    return f"expeval-{expeval.__version__}-py3-none-any.whl"


def wheel_files() -> dict[str, bytes]:
    """The content of the wheel: the package, and what installers want to know about it (PEP 427)."""
    root = Path(expeval.__file__).parent
    files = {
        f"expeval/{path.relative_to(root).as_posix()}": path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and path.suffix not in (".pyc", ".pyo") and "__pycache__" not in path.parts
    }
    about = f"expeval-{expeval.__version__}.dist-info"
    files[f"{about}/METADATA"] = str(metadata.distribution("expeval").metadata).encode("utf-8")
    files[f"{about}/WHEEL"] = (
        b"Wheel-Version: 1.0\nGenerator: expeval bundle\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    )
    files[f"{about}/entry_points.txt"] = _ENTRY.encode()
    record = "".join(f"{name},sha256={_digest(content)},{len(content)}\n" for name, content in files.items())
    files[f"{about}/RECORD"] = f"{record}{about}/RECORD,,\n".encode()
    return files


def _digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode("ascii")
