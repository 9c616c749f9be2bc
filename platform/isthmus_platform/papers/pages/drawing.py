"""Drawing a sheet as A4 pages of the UN Layout Key: a PDF/A-3 that carries the signed document itself.

Measures are millimetres. The key's image is 182.88 wide, 20 from the left edge and 10 from the upper one, in
two halves; its unit of height is a sixth of an inch. A text that is longer than its box is told whole below.
"""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from math import ceil
from typing import cast

import segno
from fpdf import FPDF
from fpdf.fonts import TTFFont

from isthmus_platform.papers.pages import fonts
from isthmus_platform.papers.pages.sheet import Box, Sheet, Table

LEFT, TOP, WIDTH, BOTTOM = 20.0, 10.0, 182.88, 281.0
HALF = WIDTH / 2
UNIT = 25.4 / 6
PARTY, CELL, HEADING = 7 * UNIT, 3 * UNIT, 7 * UNIT
INSET, LEADING, LABELLED = 1.4, 3.75, 3.9
QR = 27.0
FOOT = 46.0
"""Height of the last boxes: what is free, and who authenticates."""
INK, PALE, RULE, ACCENT = (22, 30, 38), (238, 242, 246), (150, 161, 171), (20, 62, 96)
CONTINUED = "… continued below"
ATTACHED = "document.json"


@dataclass(frozen=True)
class Colophon:
    """What stands at the foot of the pages and in the file: where it is verified, and what it carries.

    ``attached`` is the signed document; ``said`` are lines about signature and state.
    """

    reference: str
    address: str
    said: Sequence[str]
    at: datetime
    attached: bytes = field(repr=False)


def draw(sheet: Sheet, colophon: Colophon) -> bytes:
    """Return the PDF."""
    with closing(_Pages(sheet, colophon, None)) as pages:
        pages.draw()
    # Now it is known how many pages there are.
    with closing(_Pages(sheet, colophon, pages.pdf.page)) as pages:
        pages.draw()
        return bytes(pages.pdf.output())


class _Pages:
    """One run over all pages, with a place on the present one."""

    def __init__(self, sheet: Sheet, colophon: Colophon, total: int | None) -> None:
        self.sheet, self.colophon, self.total = sheet, colophon, total
        self.y = TOP
        self.continued: list[Box] = []
        self.pdf = pdf = FPDF(unit="mm", format="A4", enforce_compliance="PDF/A-3U")
        pdf.set_auto_page_break(auto=False)
        pdf.set_margin(0)
        pdf.c_margin = 0
        pdf.alias_nb_pages("")  # no text stands for the number of pages
        pdf.add_font("text", "", fonts.FOLDER / fonts.REGULAR)
        pdf.add_font("text", "B", fonts.FOLDER / fonts.BOLD)
        others = fonts.wanted(_texts(sheet))
        for name in others:
            pdf.add_font(name, "", fonts.FOLDER / name)
        if others:
            pdf.set_fallback_fonts(others, exact_match=False)
        if not set(others).isdisjoint(fonts.SHAPED):
            pdf.set_text_shaping(True)  # also puts what is written from the right in its order
        self._describe()

    def _describe(self) -> None:
        title = " ".join(each for each in (self.sheet.title, self.sheet.number) if each)
        self.pdf.set_title(title)
        self.pdf.set_lang("en")
        self.pdf.set_creator("Isthmus")
        self.pdf.set_creation_date(self.colophon.at)
        self.pdf.embed_file(
            bytes=self.colophon.attached,
            basename=ATTACHED,
            mime_type="application/json",
            modification_date=self.colophon.at,
            associated_file_relationship="Data",
            desc="The signed document: isthmus verify checks it",
        )

    def close(self) -> None:
        """Close the fonts' files, which are read until the pages are put out."""
        for font in self.pdf.fonts.values():
            if isinstance(font, TTFFont):
                font.ttfont.close()

    def draw(self) -> None:
        self._page()
        self._head()
        for table in self.sheet.tables:
            if table.rows:
                self._table(table)
        self._strip(self.sheet.totals)
        self._foot()

    def _page(self) -> None:
        """Begin a page; the later ones say whose they are."""
        self.pdf.add_page()
        self.y = TOP
        self._colophon()
        if self.pdf.page > 1:
            self._write(LEFT, self.y + 4, f"{self.sheet.title} {self.sheet.number}", 10, bold=True)
            self.y += 7

    def _colophon(self) -> None:
        of = "" if self.total is None else f" of {self.total}"
        self._rule(LEFT, BOTTOM + 3, WIDTH)
        self._write(LEFT, BOTTOM + 6.5, f"{self.colophon.reference}  ·  {self.colophon.address}", 6.5)
        self._write(LEFT, BOTTOM + 6.5, f"Page {self.pdf.page}{of}", 6.5, to=LEFT + WIDTH)

    def _head(self) -> None:
        """Draw the boxes above the goods: parties and carriage on the left, references on the right."""
        sheet = self.sheet
        rows = ceil(len(sheet.references) / 2)
        carriage = CELL * ceil(len(sheet.carriage) / 2)
        height = max(PARTY * len(sheet.parties) + carriage, HEADING + CELL * rows)
        bottom = self.y + height
        y = self.y
        for box in sheet.parties:
            last = box is sheet.parties[-1]
            deep = bottom - carriage - y if last else PARTY
            self._box(LEFT, y, HALF, deep, box, first_bold=True)
            y += deep
        self._cells(LEFT, y, HALF, carriage, sheet.carriage)
        self._heading(LEFT + HALF, self.y)
        self._cells(LEFT + HALF, self.y + HEADING, HALF, height - HEADING, sheet.references)
        self._frame(LEFT, self.y, WIDTH, height)
        self.y = bottom + 3

    def _heading(self, x: float, y: float) -> None:
        """Draw the document's name, its number and its date."""
        self.pdf.set_fill_color(*ACCENT)
        self.pdf.rect(x, y, HALF, 4 * UNIT, "F")
        self._write(x + 4, y + 2.5 * UNIT, self.sheet.title, 19, bold=True, ink=(255, 255, 255))
        number = Box("Number", (self.sheet.number,))
        date = Box("Date of issue", (self.sheet.issued_on,))
        self._cells(x, y + 4 * UNIT, HALF, HEADING - 4 * UNIT, (number, date), bold=True)

    def _cells(
        self, x: float, y: float, width: float, height: float, boxes: Sequence[Box], *, bold: bool = False
    ) -> None:
        """Draw boxes two to a row; an odd last one takes the whole row."""
        rows = ceil(len(boxes) / 2)
        for index, box in enumerate(boxes):
            wide = width if index == len(boxes) - 1 and index % 2 == 0 else width / 2
            deep = height / rows
            left = x + (width / 2 if index % 2 else 0)
            self._box(left, y + deep * (index // 2), wide, deep, box, first_bold=bold)

    def _box(
        self, x: float, y: float, width: float, height: float, box: Box, *, first_bold: bool = False
    ) -> None:
        """Draw a box; what it cannot hold is noted, to be told whole below."""
        self._frame(x, y, width, height)
        self._write(x + INSET, y + 2.9, box.label.upper(), 5.6, ink=ACCENT)
        lines = self._wrapped(box.lines, width - 2 * INSET)
        room = max(1, int((height - LABELLED) / LEADING))
        if len(lines) > room:
            self.continued.append(box)
            lines = [*lines[: room - 1], CONTINUED]
        for index, line in enumerate(lines):
            bold = first_bold and index == 0 and line != CONTINUED
            self._write(x + INSET, y + LABELLED + LEADING * (index + 0.72), line, 9, bold=bold)

    def _table(self, table: Table) -> None:
        """Draw a table line by line, on as many pages as it takes."""
        if self.y > BOTTOM - 25:
            self._page()
        top = self._columns(table)
        for row in table.rows:
            cells = [
                self._wrapped(text.split("\n") if text else (), column.width - 2 * INSET)
                for column, text in zip(table.columns, row, strict=True)
            ]
            self.y += 1.1
            for index in range(max(1, *(len(cell) for cell in cells))):
                if self.y + LEADING > BOTTOM:
                    self._uprights(table, top)
                    self._page()
                    top = self._columns(table)
                    self.y += 1.1
                self._line(table, cells, index)
            self.y += 1.1
            self._rule(LEFT, self.y, WIDTH)
        self._uprights(table, top)
        self.y += 3

    def _line(self, table: Table, cells: Sequence[Sequence[str]], index: int) -> None:
        x = LEFT
        for column, cell in zip(table.columns, cells, strict=True):
            if index < len(cell):
                to = x + column.width - INSET if column.right else None
                self._write(x + INSET, self.y + LEADING * 0.72, cell[index], 9, to=to)
            x += column.width
        self.y += LEADING

    def _columns(self, table: Table) -> float:
        """Draw the labels of the columns and return where they begin."""
        top = self.y
        self.pdf.set_fill_color(*PALE)
        self.pdf.rect(LEFT, top, WIDTH, 5, "F")
        x = LEFT
        for column in table.columns:
            to = x + column.width - INSET if column.right else None
            self._write(x + INSET, top + 3.3, column.label.upper(), 5.6, ink=ACCENT, to=to)
            x += column.width
        self.y = top + 5
        return top

    def _uprights(self, table: Table, top: float) -> None:
        self._frame(LEFT, top, WIDTH, self.y - top)
        x = LEFT
        for column in table.columns[:-1]:
            x += column.width
            self.pdf.line(x, top, x, self.y)

    def _strip(self, boxes: Sequence[Box]) -> None:
        """Draw the totals in a row across the page."""
        if not boxes:
            return
        height = 2.6 * UNIT
        if self.y + height > BOTTOM:
            self._page()
        self.pdf.set_fill_color(*PALE)
        self.pdf.rect(LEFT, self.y, WIDTH, height, "F")
        width = WIDTH / len(boxes)
        for index, box in enumerate(boxes):
            self._box(LEFT + width * index, self.y, width, height, box, first_bold=True)
        self.y += height + 3

    def _foot(self) -> None:
        """Draw what is free, at whatever length, and who authenticates, lowest on the last page."""
        short = self._fits(self.sheet.free)
        self._blocks([*self.continued, *(() if short else self.sheet.free)])
        if self.y + FOOT > BOTTOM:
            self._page()
        y = BOTTOM - FOOT
        self._frame(LEFT, y, HALF, FOOT)
        self._frame(LEFT + HALF, y, HALF, FOOT)
        if short:
            line = y
            for box in self.sheet.free:
                line = self._block(box, LEFT + INSET, line, HALF - 2 * INSET) + 1
        self._authenticated(LEFT + HALF, y)

    def _fits(self, boxes: Sequence[Box]) -> bool:
        """Return whether ``boxes`` go into the free half of the foot."""
        lines = sum(len(self._wrapped(box.lines, HALF - 2 * INSET)) for box in boxes)
        return len(boxes) * (LABELLED + 1) + lines * LEADING <= FOOT - 2

    def _blocks(self, boxes: Sequence[Box]) -> None:
        """Tell texts whole, across the page and over pages."""
        for box in boxes:
            if self.y + LABELLED + LEADING > BOTTOM:
                self._page()
            self.y = self._block(box, LEFT + INSET, self.y, WIDTH - 2 * INSET) + 2

    def _block(self, box: Box, x: float, y: float, width: float) -> float:
        """Write a label and its lines from ``y``; return where they end, on the page where that is."""
        self._write(x, y + 3.2, box.label.upper(), 5.6, ink=ACCENT)
        y += LABELLED
        for line in self._wrapped(box.lines, width):
            if y + LEADING > BOTTOM:
                self._page()
                y = self.y
            self._write(x, y + LEADING * 0.72, line, 9)
            y += LEADING
        return y

    def _authenticated(self, x: float, y: float) -> None:
        """Draw who authenticates, how the document stands, and the code that leads to its verification."""
        self._code(x + HALF - QR - 2.5, y + 2.5, QR)
        self._write(x + HALF - QR - 2.5, y + QR + 5.5, "VERIFY THIS DOCUMENT", 5.6, ink=ACCENT)
        width = HALF - QR - 4 - 2 * INSET
        line = y
        for box in self.sheet.authenticated:
            line = self._block(Box(box.label, box.lines[:1]), x + INSET, line, width)
        line += 1
        for said in self.colophon.said:
            for each in self._wrapped((said,), width, size=7):
                if line + 3 < y + FOOT:
                    self._write(x + INSET, line + 2.6, each, 7)
                    line += 3

    def _code(self, x: float, y: float, size: float) -> None:
        """Draw the QR code (ISO/IEC 18004, level M) of where the document is verified."""
        matrix = segno.make(self.colophon.address, error="m", micro=False).matrix
        step = size / len(matrix)
        self.pdf.set_fill_color(*INK)
        for row, bits in enumerate(matrix):
            for first, length in _runs(bits):
                self.pdf.rect(x + first * step, y + row * step, length * step, step, "F")

    def _wrapped(self, lines: Sequence[str], width: float, size: float = 9) -> list[str]:
        self.pdf.set_font("text", "", size)
        found: list[str] = []
        for line in lines:
            text = fonts.drawable(line).strip()
            if text:
                drawn = self.pdf.multi_cell(width, text=text, align="L", dry_run=True, output="LINES")
                found += cast("list[str]", drawn)  # by what output says
        return found

    def _write(
        self,
        x: float,
        y: float,
        text: str,
        size: float,
        *,
        bold: bool = False,
        ink: tuple[int, int, int] = INK,
        to: float | None = None,
    ) -> None:
        """Write a line, as it is, from ``x`` on the baseline ``y``; or so that it ends at ``to``."""
        text = fonts.drawable(text)
        if not text.strip():
            return
        self.pdf.set_font("text", "B" if bold else "", size)
        self.pdf.set_text_color(*ink)
        left = x if to is None else to - self.pdf.get_string_width(text)
        # A cell without height has its baseline at three tenths of the size; FPDF.text knows but one font.
        self.pdf.set_xy(left, y - 0.3 * self.pdf.font_size)
        self.pdf.cell(0, 0, text)

    def _frame(self, x: float, y: float, width: float, height: float) -> None:
        self.pdf.set_draw_color(*RULE)
        self.pdf.set_line_width(0.18)
        self.pdf.rect(x, y, width, height)

    def _rule(self, x: float, y: float, width: float) -> None:
        self.pdf.set_draw_color(*RULE)
        self.pdf.set_line_width(0.18)
        self.pdf.line(x, y, x + width, y)


def _runs(bits: bytearray | Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield where dark modules stand in a row, and how many together."""
    first: int | None = None
    for index, bit in enumerate([*bits, 0]):
        if bit and first is None:
            first = index
        elif not bit and first is not None:
            yield first, index - first
            first = None


def _texts(sheet: Sheet) -> Iterator[str]:
    """Yield every text of ``sheet``, as it can be drawn."""
    yield fonts.drawable(sheet.number)
    boxes = (sheet.parties, sheet.references, sheet.carriage, sheet.totals, sheet.free, sheet.authenticated)
    for part in boxes:
        for box in part:
            yield from (fonts.drawable(line) for line in (box.label, *box.lines))
    for table in sheet.tables:
        for row in table.rows:
            yield from (fonts.drawable(cell) for cell in row)
