"""Damage files at random and read them: python fuzz_readers.py [SECONDS] [SEED]

Every format that is read, damaged byte by byte and token by token, zipped ones inside as well; what is answered in a
new way (other faults, another dialect, other repairs) is damaged further.  Anything but a table or faults in words,
more than 20 seconds for a file or 2 GB in all is printed, and ends with status 1.
"""

from __future__ import annotations

import contextlib
import io
import random
import resource
import signal
import sys
import tempfile
import time
import traceback
import zipfile
from collections import Counter
from pathlib import Path
from types import FrameType

import pandas as pd
import pyreadstat

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "scores"))

import examples
import ods

from expeval.fault_codes import sentence
from expeval.faults import Faults
from expeval.scores.reading import read_scores
from expeval.study.reading import read_study

LONGEST, LARGEST = 20, 2**31
MOST_KEPT = 300
TOKENS = [
    *(
        b'"',
        b"'",
        b",",
        b";",
        b"\t",
        b"\r",
        b"\n",
        b"\r\n",
        b"\x00",
        b"\xff",
        b"\xfe\xff",
        b"\xef\xbb\xbf",
        b"\xd1",
        b"\xe9",
    ),
    *(
        b"1e309",
        b"NaN",
        b"inf",
        b"-",
        b"1,5",
        b"1.234,5",
        b"=1+1",
        b"#REF!",
        b"01.02.2026",
        b"\xe2\x80\xae",
        b"new",
        b"old",
    ),
    *(
        b"<",
        b">",
        b"</table>",
        b'rowspan="9999"',
        b'r="XFD1048576"',
        b"<!ENTITY a 'b'>",
        b"&a;",
        b"&#0;",
        b"]]>",
        b"<?xml",
    ),
]
Seeds = dict[str, list[bytes]]


def main() -> int:
    """Damage, read, count."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 300.0
    chance = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    resource.setrlimit(resource.RLIMIT_AS, (4 * LARGEST, 4 * LARGEST))
    signal.signal(signal.SIGALRM, _too_long)
    answers: Counter[str] = Counter()
    seen: set[tuple[str, ...]] = set()
    wrong = 0
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        seeds = _seeds(folder)
        for name, (whole, *_) in seeds.items():
            assert _read(folder, name, whole)[0][0] == "read", name  # else faults would be all that is ever seen
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            name = chance.choice(list(seeds))
            data = _damaged(chance.choice(seeds[name]), seeds[name], chance)
            answer, trouble = _read(folder, name, data)
            answers[f"{name}: {answer[0]}"] += 1
            if trouble:
                wrong += 1
                kept = Path(tempfile.gettempdir()) / f"expeval-fuzz-{wrong}-{name}"
                kept.write_bytes(data)
                print(f"{name}: {trouble}\n  kept as {kept}", flush=True)
            if (name, *answer) not in seen and len(seeds[name]) < MOST_KEPT:
                seen.add((name, *answer))
                seeds[name].append(data)
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 2**20
    print(f"{sum(answers.values())} files, {len(seen)} different answers, peak {peak:.2f} GB, wrong: {wrong}")
    for words, times in sorted(answers.items()):
        print(f"  {words}: {times}")
    return 1 if wrong or peak > LARGEST / 2**30 else 0


def _read(folder: Path, name: str, data: bytes) -> tuple[tuple[str, ...], str]:
    """How the readers answered, in a form that tells new answers from known ones; and what went wrong."""
    (folder / name).write_bytes(data)
    begun = time.monotonic()
    signal.alarm(2 * LONGEST)
    try:
        study = read_study(folder / "study.toml")
        study = study.model_copy(update={"data": study.data.model_copy(update={"files": (_entry(study, name),)})})
        scores = read_scores(study)
    except Faults as faults:
        for fault in faults:
            for language in ("en", "ru"):
                sentence(fault, language)
        answer = ("faults", *sorted({fault.code for fault in faults}))
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        return ("wrong",), f"{type(error).__name__} at {Path(where.filename).name}:{where.lineno}: {str(error)[:200]}"
    else:
        source = scores.sources[0]
        answer = ("read", str(source.encoding), str(source.delimiter), str(source.decimal), *sorted(source.mended))
    finally:
        signal.alarm(0)
    took = time.monotonic() - begun
    return answer, f"took {took:.1f} s" if took > LONGEST else ""


def _entry(study: object, name: str) -> object:
    entry = study.data.files[0]  # type: ignore[attr-defined]
    return entry.model_copy(update={"path": name})


def _too_long(number: int, frame: FrameType | None) -> None:
    raise TimeoutError("no end in sight")


# ------------------------------------------------------------------------------------------------------- damaging


def _damaged(data: bytes, others: list[bytes], chance: random.Random) -> bytes:
    if data[:2] == b"PK" and chance.random() < 0.85:
        with contextlib.suppress(zipfile.BadZipFile, NotImplementedError, ValueError, EOFError, OSError, KeyError):
            return _damaged_inside(data, chance)
    for _ in range(chance.choice((1, 1, 2, 4, 8))):
        data = _damage(data, others, chance)
    return data[:200_000]


def _damaged_inside(data: bytes, chance: random.Random) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    name = chance.choice(sorted(parts))
    for _ in range(chance.choice((1, 1, 2, 4))):
        parts[name] = _damage(parts[name], list(parts.values()), chance)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for part, content in parts.items():
            if chance.random() > 0.02:
                archive.writestr(part, content[:200_000])
    return out.getvalue()


def _damage(data: bytes, others: list[bytes], chance: random.Random) -> bytes:
    if not data:
        return chance.choice(TOKENS)
    start = chance.randrange(len(data) + 1)
    end = min(len(data), start + chance.choice((1, 1, 2, 4, 16, 64, 512)))
    match chance.randrange(7):
        case 0:
            return data[:start] + bytes([chance.randrange(256)]) + data[start + 1 :]
        case 1:
            return data[:start] + data[end:]
        case 2:
            return data[:end] + data[start:end] * chance.choice((1, 2, 20)) + data[end:]
        case 3:
            other = chance.choice(others)
            cut = chance.randrange(len(other) + 1)
            return data[:start] + other[cut : cut + chance.choice((8, 64, 512))] + data[end:]
        case 4:
            return data[:start]
        case _:
            return data[:start] + chance.choice(TOKENS) + data[chance.choice((start, end)) :]


# ------------------------------------------------------------------------------------------------------ whole files

ROWS = [("s1", "new", "5"), ("s2", "old", "4,5"), ("s3", "new", "3"), ("s4", "old", ""), ("s5", "old", "2")]
HEAD = ("student", "arm", "score")


def _seeds(folder: Path) -> Seeds:
    examples.write_study(folder)
    lines = [";".join(row) for row in (HEAD, *ROWS)]
    text = "\n".join(lines) + "\n"
    seeds: Seeds = {
        "scores.csv": [
            text.encode(),
            text.replace("\n", "\r\n").encode("utf-8-sig"),
            examples.HEAD.encode() + b"s1,new,1\n",
        ],
        "scores.tsv": [text.replace(";", "\t").encode("utf-16"), text.replace("s1", "ученик ё").encode("cp1251")],
        "scores.xls": [_html().encode(), _xml().encode()],
    }
    examples.write_xlsx(folder, {"One": [HEAD, *ROWS], "Two": [["total"]]})
    ods.write_ods(folder, ods.sheet((HEAD, *ROWS)))
    numbers = pd.DataFrame({"student": ["a", "b", "c"], "arm": ["new", "old", "new"], "score": [1.0, 2.5, 99.0]})
    pyreadstat.write_sav(numbers, folder / "scores.sav", missing_ranges={"score": [99]})
    pyreadstat.write_dta(numbers, folder / "scores.dta")
    numbers.to_parquet(folder / "scores.parquet")
    for name in ("scores.xlsx", "scores.ods", "scores.sav", "scores.dta", "scores.parquet"):
        seeds[name] = [(folder / name).read_bytes()]
    return seeds


def _html() -> str:
    return "<html><table>" + "".join(_cells(row, "tr", "td") for row in (HEAD, *ROWS)) + "</table></html>"


def _xml() -> str:
    rows = "".join(
        "<Row>" + "".join(f'<Cell><Data ss:Type="String">{cell}</Data></Cell>' for cell in row) + "</Row>"
        for row in (HEAD, *ROWS)
    )
    space = (
        'xmlns="urn:schemas-microsoft-com:office:spreadsheet" xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"'
    )
    return (
        f'<?xml version="1.0"?><Workbook {space}><Worksheet ss:Name="One"><Table>{rows}</Table></Worksheet></Workbook>'
    )


def _cells(row: tuple[str, ...], line: str, cell: str) -> str:
    return f"<{line}>" + "".join(f"<{cell}>{text}</{cell}>" for text in row) + f"</{line}>"


if __name__ == "__main__":
    sys.exit(main())
