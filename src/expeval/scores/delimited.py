"""CSV, TSV and their kin: text with a delimiter, taken apart as bytes, with the editor's row numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from expeval.faults import Fault
from expeval.scores.at_once import each
from expeval.scores.cells import FAULTS_A_COLUMN, LAST_ROWS, Cells, Sheet, gather
from expeval.scores.dialect import SAMPLE, Decoded, broken_lines, decode, detect_delimiter, names_found
from expeval.scores.plain_numbers import number_cells
from expeval.scores.row_shapes import broken_rows, shifted_rows
from expeval.scores.same_values import Flags
from expeval.scores.settings import Preview, Request, Settings, Unreadable
from expeval.scores.text_cells import distinct_texts
from expeval.scores.text_records import MAX_RECORD, Located, Records, RecordTooLong

PREVIEW_RECORDS = 40
_END_OF_FILE = b"\x1a"  # with which old programs end a text
LEAST_COLUMNS = 3  # of a row that can be told from prose


class DelimitedFile:
    """A text file taken apart into records; the cells are read only for the columns that are asked for."""

    def __init__(self, data: bytes, settings: Settings, wanted: Sequence[str], file: str) -> None:
        self.file = file
        self.settings = settings
        self.mended: dict[str, int] = {}
        decoded = self._decode(data, wanted)
        letters = decoded.data.rstrip(_END_OF_FILE) if decoded.data.endswith(_END_OF_FILE) else decoded.data
        if b"\r" in letters:
            letters = letters.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        self.first_line = 1
        self.delimiter, letters = self._delimiter(letters, wanted)
        try:
            self.records = Records(letters, self.delimiter, self.first_line)
        except RecordTooLong as long:
            size, limit = f"{long.size / 2**20:.0f} MB", f"{MAX_RECORD // 2**20} MB"
            raise Unreadable(Fault("row-too-large", file, row=long.line, found=size, allowed=limit)) from None

    def _decode(self, data: bytes, wanted: Sequence[str]) -> Decoded:
        decoded = decode(data, self.settings.encoding, (*wanted, *self.settings.words))
        if lines := broken_lines(data, decoded, self.settings.encoding):
            raise Unreadable(
                Fault("letters-broken", self.file, row=lines[0], rows=tuple(lines[1:]), key="data.encoding")
            )
        if decoded is None or decoded.unclear:
            named = self.settings.encoding
            fits = ", ".join(decoded.unclear) if decoded else None
            raise Unreadable(Fault("encoding-unclear", self.file, key="data.encoding", found=named, allowed=fits))
        if "\0" in decoded.begins(2000):
            raise Unreadable(Fault("format-unsupported", self.file, found="binary data", allowed="CSV, TSV, XLSX"))
        if (nul := decoded.data.find(b"\0")) >= 0:
            # Where a disk or a connection gave way, zeros stand in place of what was written.
            row = decoded.data.count(b"\n", 0, nul) + 1
            raise Unreadable(Fault("file-unreadable", self.file, row=row, found="it is damaged"))
        if not decoded.begins(2000).strip() and not decoded.text.strip():
            raise Unreadable(Fault("file-empty", self.file))
        self.encoding = decoded.encoding
        if decoded.marked and decoded.encoding == "utf-8":
            self.mended["byte order mark"] = 1
        return decoded

    def _delimiter(self, letters: bytes, wanted: Sequence[str]) -> tuple[str, bytes]:
        # Excel's own first line "sep=;" names the delimiter and is no record.
        sample = letters[: 4 * SAMPLE].decode("utf-8", "ignore")[:SAMPLE]
        head = sample.partition("\n")[0].strip(' "')  # a tab is a delimiter
        if head.startswith("sep=") and len(head) == 5:
            self.first_line = 2
            return self._named_delimiter(head[4], sample.partition("\n")[2], wanted), letters.partition(b"\n")[2]
        if self.settings.delimiter is not None:
            return self.settings.delimiter, letters
        found = detect_delimiter(sample, wanted)
        if found.unclear:
            raise Unreadable(self._asked(found.unclear))
        return found.delimiter, letters

    def _named_delimiter(self, named: str, sample: str, wanted: Sequence[str]) -> str:
        """The delimiter that the file names; asked about where the study's columns stand apart under another alone."""
        if self.settings.delimiter is not None:
            return self.settings.delimiter
        found = detect_delimiter(sample, wanted)
        if names_found(sample, named, wanted) == 0 < names_found(sample, found.delimiter, wanted):
            raise Unreadable(self._asked((named, found.delimiter)))
        return named

    def _asked(self, signs: Sequence[str]) -> Fault:
        shown = " ".join("tab" if sign == "\t" else sign for sign in signs)
        return Fault("delimiter-unclear", self.file, key="data.delimiter", found=shown or None)

    def preview(self) -> Preview:
        """The first records with their rows."""
        records = self.records
        shown = range(min(PREVIEW_RECORDS, records.count))
        wanted_row = self.settings.last_header_row
        if wanted_row is not None and shown and wanted_row > int(records.lines[shown[-1]]):
            shown = range(min(records.count, int(np.searchsorted(records.lines, wanted_row)) + 1))
        return Preview([(int(records.lines[i]), records.cells(i)) for i in shown], records.last_line)

    def read(self, request: Request) -> tuple[Sheet, list[Fault]]:
        """The columns asked for, from the records below the header."""
        records = self.records
        start = int(np.searchsorted(records.lines, request.header_row, side="right"))
        last = self.settings.last_row
        stop = records.count if last is None else int(np.searchsorted(records.lines, last, side="right"))
        located = records.locate(sorted(set(request.positions.values())), stop)
        kept = ~located.blank
        kept[:start] = False
        faults = self._misfits(located, kept, request)
        sheet = Sheet(
            self.file,
            rows=records.lines[:stop][kept],
            columns=self._cells(located, kept, request),
            encoding=self.encoding,
            delimiter=self.delimiter,
            header_row=request.header_row,
            mended=dict(self.mended),
            begins=self._begins(kept),
        )
        sheet.mend("blank rows", int(np.count_nonzero(located.blank)))
        short = np.flatnonzero(located.lengths[kept] < request.width)
        if 0 < short.size < sheet.rows.size:
            words = f"rows with fewer cells than the header, as row {sheet.rows[short[0]]}, were read as if empty cells"
            sheet.notice("short-rows", f"{words} followed.")
        return sheet, faults

    def _begins(self, kept: Flags) -> dict[int, str]:
        places = np.flatnonzero(kept)
        last = enumerate(places[-LAST_ROWS:].tolist(), max(places.size - LAST_ROWS, 0))
        return {record: next((cell for cell in self.records.cells(i) if cell.strip()), "") for record, i in last}

    def _misfits(self, located: Located, kept: Flags, request: Request) -> list[Fault]:
        """Rows with more cells than the header, empty ones at their end aside; rows whose cells stand elsewhere.

        Rows with fewer cells are whole: programs leave out the delimiters after a row's last value.
        """
        records, width = self.records, request.width
        longer = np.flatnonzero(kept & (located.lengths > width)).tolist()
        wrong = [i for i in longer if any(cell.strip() for cell in records.cells(i)[width:])]
        rows = [(int(records.lines[i]), str(located.lengths[i])) for i in wrong]
        rows += [(int(records.lines[i]), '"') for i in self._swallowing(located, kept, width)]
        wanted = tuple(request.positions.values())
        moved = shifted_rows(records, located.lengths, kept, wanted, width)
        moved += broken_rows(records, located.lengths, kept, width)
        rows += [(int(records.lines[i]), str(located.lengths[i])) for i in moved if i not in wrong]
        rows = [row for row in rows if row[0] != records.unclosed_quote]
        if records.unclosed_quote is not None:
            rows.append((records.unclosed_quote, '"'))
        faults = [
            Fault("row-length", self.file, row=row, found=found, allowed=str(width))
            for row, found in rows[:FAULTS_A_COLUMN]
        ]
        if len(rows) > FAULTS_A_COLUMN:
            further = {"further": len(rows) - FAULTS_A_COLUMN}
            faults.append(Fault("row-length", self.file, allowed=str(width), details=further))
        return faults

    def _swallowing(self, located: Located, kept: Flags, width: int) -> list[int]:
        """Records with a cell in which whole rows stand, as between two quotation marks that nobody meant."""
        records = self.records
        if not records.quoted or width < LEAST_COLUMNS:
            return []
        lines = np.diff(records.lines, append=records.lines[-1:] + records.lines_of_last)[: kept.size]
        several = np.flatnonzero(kept & (lines > 1) & (located.lengths <= width)).tolist()
        return [i for i in several if any(self._holds_a_row(cell, width) for cell in records.cells(i))]

    def _holds_a_row(self, cell: str, width: int) -> bool:
        """Whether a line of a cell has as many delimiters as a row; in prose a space follows them."""
        sign = self.delimiter
        return any(line.count(sign) == width - 1 and f"{sign} " not in line.strip() for line in cell.split("\n")[1:])

    def _cells(self, located: Located, kept: Flags, request: Request) -> dict[str, Cells]:
        if not kept.any():
            return {name: gather([]) for name in request.positions}
        first = int(kept.argmax())
        where = slice(first, None) if kept[first:].all() else np.flatnonzero(kept)

        def read(name: str) -> Cells:
            column = located.columns[request.positions[name]].at(where)
            if name in request.numeric:
                return number_cells(column, self.delimiter, self.settings.decimal, request.missing)
            return distinct_texts(column, may_be_many=True)

        names = list(request.positions)
        return dict(zip(names, each(read, names, self.records.file.size), strict=True))
