"""OpenDocument spreadsheets as programs write them, made of a few lines of XML."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

OASIS = "urn:oasis:names:tc:opendocument:xmlns"
NAMES = "".join(
    f' xmlns:{short}="{OASIS}:{name}:1.0"'
    for short, name in (*((name, name) for name in ("office", "style", "text", "table")), ("draw", "drawing"))
)
SHEET_STYLE = (
    '<style:style style:name="{}" style:family="table"><style:table-properties table:display="{}"/></style:style>'
)
HEAD = (
    f'<?xml version="1.0" encoding="UTF-8"?><office:document-content{NAMES}'
    ' xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"><office:automatic-styles>'
    f"{SHEET_STYLE.format('ta1', 'true')}{SHEET_STYLE.format('ta2', 'false')}"
    "</office:automatic-styles><office:body><office:spreadsheet>"
)
TAIL = "</office:spreadsheet></office:body></office:document-content>"
MANIFEST = (
    '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">%s</manifest:manifest>'
)


def cell(value: object) -> str:
    """A cell: a number, a text, or XML as it stands (a text that begins with ``<table:``)."""
    if isinstance(value, (int, float)):
        return _cell(f'office:value-type="float" office:value="{value}"', str(value))
    text = str(value)
    if text.startswith("<table:") or not text:
        return text or "<table:table-cell/>"
    return _cell('office:value-type="string"', escape(text))


def _cell(attributes: str, text: str) -> str:
    return f"<table:table-cell {attributes}><text:p>{text}</text:p></table:table-cell>"


def row(cells: Sequence[object], attributes: str = "") -> str:
    """A row of cells."""
    return f"<table:table-row{' ' * bool(attributes)}{attributes}>{''.join(map(cell, cells))}</table:table-row>"


def sheet(rows: Iterable[Sequence[object] | str], name: str = "Лист1", style: str = "ta1") -> str:
    """A sheet of rows: cells, or XML as it stands."""
    body = "".join(one if isinstance(one, str) else row(one) for one in rows)
    return f'<table:table table:name={quoteattr(name)} table:style-name="{style}">{body}</table:table>'


def write_ods(folder: Path, *sheets: str, name: str = "scores.ods", head: str = HEAD, manifest: str = "") -> Path:
    """A spreadsheet file."""
    path = folder / name
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("mimetype"), "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", head + "".join(sheets) + TAIL)
        archive.writestr("META-INF/manifest.xml", MANIFEST % manifest)
    return path
