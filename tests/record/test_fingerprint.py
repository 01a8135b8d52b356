"""Hashes of rows and cells: equal where the table is, silent for whoever lacks the key."""

from __future__ import annotations

import base64
import os
import stat
from pathlib import Path

import numpy as np
import pytest

from expeval.record.fingerprint import digests, make_fingerprint
from expeval.record.key import installation_key, key_name
from expeval.scores.table import Categories, Numbers, Places, Scores

KEY, OTHER = b"k" * 32, b"o" * 32


def table(n: int = 200) -> Scores:
    rng = np.random.default_rng(1)
    return Scores(
        arm=np.arange(n) % 2,
        outcomes={"mark": Numbers(rng.integers(2, 6, n).astype(float))},
        baselines={},
        covariates={"gender": Categories(rng.integers(0, 2, n), ("f", "m"))},
        institution=Categories(np.arange(n) // 20, tuple(f"school {i:02d}" for i in range((n + 19) // 20))),
        class_=None,
        strata=None,
        left_out={},
        sources=(),
        places=Places(("data.csv",), np.zeros(n, dtype=np.int64), np.arange(n) + 2),
    )


def test_the_same_table_has_the_same_hashes_under_the_same_key() -> None:
    assert make_fingerprint(table(), KEY) == make_fingerprint(table(), KEY)
    one, other = make_fingerprint(table(), KEY), make_fingerprint(table(), OTHER)
    assert one is not None
    assert other is not None
    assert one["rows"] != other["rows"]
    assert one["cells"]["mark"] != other["cells"]["mark"]


def test_equal_marks_have_unequal_hashes() -> None:
    """Else the most frequent hash would be the most frequent mark."""
    found = make_fingerprint(table(), KEY)
    assert found is not None
    cells = digests(found["cells"]["mark"], 2)
    distinct = {cell.tobytes() for cell in cells}
    # 200 draws of 65,536: a pair or two may meet by chance, four values may not.
    assert len(distinct) > 190


def test_no_value_and_no_label_stands_in_it() -> None:
    text = str(make_fingerprint(table(), KEY))
    assert "school 0" not in text
    assert KEY.hex() not in text
    assert base64.b64encode(KEY).decode() not in text


def test_none_without_key_or_places() -> None:
    assert make_fingerprint(table(), None) is None


def test_the_key_is_made_once_and_is_its_owner_s_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "deep" / "key"
    monkeypatch.setenv("EXPEVAL_KEY_FILE", str(place))
    key = installation_key()
    assert key is not None
    assert installation_key() == key
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert key_name(key) != key_name(KEY)
    assert sorted(os.listdir(place.parent)) == ["key"]


def test_no_home_no_key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("EXPEVAL_KEY_FILE", "/proc/nowhere/key")
    assert installation_key() is None
    (tmp_path / "short").write_bytes(b"x")
    monkeypatch.setenv("EXPEVAL_KEY_FILE", str(tmp_path / "short"))
    assert installation_key() is None
