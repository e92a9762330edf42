"""A CSV file's bytes -> the same values that a YAML file has, with row and column of each.

A row states a grant, an API key, or both; the rows of one customer belong together. Separated by
commas, semicolons or tabs, as the header is. An empty cell says nothing.
"""

import csv
import io
from collections.abc import Iterator, Sequence

from functions.operator.customers.placed_document import PlacedDocument, Value, ValuePath
from functions.operator.customers.spreadsheet_cells import COLUMNS, CellError
from functions.usage.plain_faults import meant

_SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs"}
_LISTS = {"grant": "grants", "key": "apiKeys"}
type _Row = dict[str, dict[str, Value]]


def read_csv(text: str) -> PlacedDocument:
    """Never raises for what stands in it."""
    first = text.partition("\n")[0]
    separator = max(_SEPARATORS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    reading = _CsvReading()
    try:
        names = [name.strip() for name in next(reader, [])]
        if reading.knows(names):
            for cells in reader:
                reading.take(names, cells, reader.line_num)
    except csv.Error as error:
        reading.faults.append(f"row {reader.line_num}: is no CSV: {error}")
    return PlacedDocument({"customers": reading.customers}, reading.places, reading.faults)


class _CsvReading:
    def __init__(self) -> None:
        self.customers: list[Value] = []
        self.places: dict[ValuePath, str] = {}
        self.faults: list[str] = []
        self._at: dict[str, int] = {}

    def knows(self, names: Sequence[str]) -> bool:
        """Whether the header can be read; a fault for each name that cannot."""
        faults = list(_header_faults(names))
        self.faults += [f"row 1: {fault}" for fault in faults]
        return not faults

    def take(self, names: Sequence[str], cells: Sequence[str], row: int) -> None:
        """One row, which may hold several lines of the file: `row` is its last."""
        stripped = [cell.strip() for cell in cells]
        if not any(stripped):
            return
        if len(stripped) != len(names):
            why = f"has {len(stripped)} cells, and the header {len(names)}"
            self.faults.append(f"row {row}: {why}: quote a cell that holds the separator")
            return
        parts: _Row = {"customer": {}, "grant": {}, "key": {}}
        for name, cell in zip(names, stripped, strict=True):
            if cell:
                part = parts[COLUMNS[name].part]
                try:
                    part[name] = COLUMNS[name].read(cell)
                except CellError as error:
                    part[name] = None
                    self.faults.append(f"row {row}, column {name}: {error}")
        self._add(parts, row)

    def _add(self, parts: _Row, row: int) -> None:
        customer_id = str(parts["customer"].get("customerId") or f"\0{row}")
        at = self._at.setdefault(customer_id, len(self.customers))
        if at == len(self.customers):
            self.customers.append({})
        known = self.customers[at]
        assert isinstance(known, dict)  # noqa: S101 - for mypy: they are made here
        self.places.setdefault(("customers", at), f"row {row}")
        for name, value in parts["customer"].items():
            if known.setdefault(name, value) != value:
                first = self.places["customers", at, name]
                why = f"{value} is not {known[name]}, as {first} says of this customer"
                self.faults.append(f"row {row}, column {name}: {why}")
            self._place(("customers", at, name), row, name)
        for part, name in _LISTS.items():
            self._append(known, ("customers", at, name), parts[part], row)

    def _append(
        self, known: dict[str, Value], path: ValuePath, found: dict[str, Value], row: int
    ) -> None:
        rows = known.setdefault(str(path[-1]), []) if found else []
        # Said again beside another key of the customer, it is said once.
        if not found or not isinstance(rows, list) or found in rows:
            return
        self.places[*path, len(rows)] = f"row {row}"
        for name in found:
            self._place((*path, len(rows), name), row, name)
        rows.append(dict(found))

    def _place(self, path: ValuePath, row: int, name: str) -> None:
        self.places.setdefault(path, f"row {row}, column {name}")


def _header_faults(names: Sequence[str]) -> Iterator[str]:
    for at, name in enumerate(names):
        if name not in COLUMNS:
            fix = meant(name, COLUMNS) or f": there are: {', '.join(COLUMNS)}"
            yield f"{name[:60]!r} is no column here{fix}"
        elif name in names[:at]:
            yield f"the column {name} stands twice"
    if "customerId" not in names:
        yield "the column customerId is needed"
