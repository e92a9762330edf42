"""A document of customers -> a file that can be applied: YAML, or CSV where its name ends so."""

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path

from functions.operator.customers.placed_document import Value
from functions.operator.customers.spreadsheet_cells import COLUMNS, CellError
from functions.operator.explain.terminal_text import printable
from functions.operator.file_words import file_words
from functions.usage.errors import Permanent

# What YAML reads as a text without quotes; none of its words for truth values and nothing.
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_WORDS = frozenset({"yes", "no", "on", "off", "true", "false", "null", "y", "n"})
_GRANT = [name for name, column in COLUMNS.items() if column.part == "grant"]

type Document = Mapping[str, Value]
type Comments = Mapping[str, str]  # by the name of a plan or a customer


def write_customers(document: Document, file: Path, comments: Comments | None = None) -> None:
    """Permanent where it cannot be written, or is there: nobody's file is written over."""
    is_csv = file.suffix.lower() == ".csv"
    write_new(file, as_csv(document) if is_csv else as_yaml(document, comments or {}), "--to")


def write_new(file: Path, text: str, option: str) -> None:
    """Permanent as above; it names the option."""
    try:
        with file.open("x", encoding="utf-8", newline="") as opened:
            opened.write(text)
    except FileExistsError:
        raise Permanent(f"{option} {file}: is there: give another name, or remove it") from None
    except OSError as error:
        raise Permanent(file_words(error, f"{option} {file}")) from None


def as_yaml(document: Document, comments: Comments) -> str:
    """A comment stands above the plan or the customer that it is about."""
    return "".join(f"{line}\n" for line in _yaml_lines(document, comments))


def _yaml_lines(document: Document, comments: Comments) -> Iterator[str]:
    plans = document.get("plans")
    if isinstance(plans, dict) and plans:
        yield "plans:"
        for name, plan in plans.items():
            if name in comments:
                yield f"  # {printable(comments[name])}"
            yield f"  {_yaml(name)}:"
            yield from _members(plan, "    ")
    customers = document["customers"]
    yield "customers:" if customers else "customers: []"
    for customer in _list(customers):
        comment = comments.get(str(customer["customerId"]))
        if comment:
            # A key may be called anything, also what would begin another line.
            yield f"  # {printable(comment)}"
        yield from _member(customer, "  ")


def _members(value: Value, indent: str) -> Iterator[str]:
    for name, each in _object(value).items():
        if isinstance(each, list) and any(isinstance(one, dict) for one in each):
            yield f"{indent}{name}:"
            for one in each:
                yield from _member(_object(one), f"{indent}  ")
        else:
            yield f"{indent}{name}: {_yaml(each)}"


def _member(value: Document, indent: str) -> Iterator[str]:
    first, *rest = _members(dict(value), f"{indent}  ")
    yield f"{indent}- {first.removeprefix(f'{indent}  ')}"
    yield from rest


def _yaml(value: Value) -> str:
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in _WORDS:
        return value
    if isinstance(value, float):
        return _decimal(value)
    # JSON is YAML: a text in quotes is a text.
    if isinstance(value, dict):
        return f"{{{', '.join(f'{name}: {_yaml(one)}' for name, one in value.items())}}}"
    return json.dumps(value)


def as_csv(document: Document) -> str:
    """A row for each grant or key of a customer. Permanent names what a row cannot hold."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    plans = document.get("plans")
    for customer in _list(document["customers"]):
        for row in _rows(customer, plans if isinstance(plans, dict) else {}):
            writer.writerow([_cell(name, row.get(name)) for name in COLUMNS])
    return out.getvalue()


def _rows(customer: Document, plans: Document) -> Iterator[dict[str, Value]]:
    own: dict[str, Value] = {n: one for n, one in customer.items() if not isinstance(one, list)}
    name = str(own.pop("plan", ""))
    plan = _object(plans.get(name) or {})
    if plan and not plan.get("grants"):
        why = f"its plan {name} has no grant yet, and no column says so"
        raise Permanent(f"{own['customerId']}: {why}: write YAML, with a name in .yaml")
    own |= {name: one for name, one in plan.items() if name != "grants"}
    grants = _list(customer.get("grants") or plan.get("grants") or [])
    keys = _list(customer.get("apiKeys") or [])
    for grant in grants:
        if "upcoming" in grant:
            why = "the grant that follows stands in no column"
            raise Permanent(f"{own['customerId']}: {why}: write YAML, with a name in .yaml")
    for at in range(max(len(grants), len(keys), 1)):
        row = dict(own) if at == 0 else {"customerId": own["customerId"]}
        row |= grants[at] if at < len(grants) else {}
        row |= keys[at] if at < len(keys) else {}
        yield row


def _cell(name: str, value: Value) -> str:
    text = _cell_text(value)
    try:
        if text:
            COLUMNS[name].read(text)
    except CellError as error:
        raise Permanent(f"{name}: {error}; or write YAML, with a name in .yaml") from None
    return text


def _cell_text(value: Value) -> str:
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case float():
            return _decimal(value)
        case list():
            return " ".join(map(str, value))
    return str(value)


def _decimal(value: float) -> str:
    """Never 1e-07, which YAML and a spreadsheet read as something else."""
    return format(Decimal(repr(value)), "f")


def _object(value: Value) -> dict[str, Value]:
    return value if isinstance(value, dict) else {}


def _list(value: Value) -> Sequence[dict[str, Value]]:
    return [_object(one) for one in value] if isinstance(value, list) else []
