"""A cell of a CSV file, by its column -> the value that it means, or why it means none.

A spreadsheet writes what it shows: 1,000 for a thousand, 1.23E+11 for an id. Neither is guessed.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from functions.operator.customers.placed_document import Value

_INT = re.compile(r"-?[0-9]+")
_FLOAT = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_SCIENTIFIC = re.compile(r"[0-9]+([.,][0-9]+)?[eE][+-]?[0-9]+")
_GROUPED = re.compile(r"-?[0-9]{1,3}(([,.' \u00a0\u202f])[0-9]{3})+")
_DECIMAL_COMMA = re.compile(r"-?[0-9]+,[0-9]+")


class CellError(ValueError):
    """What is wrong with a cell, and what to write."""


class Column(NamedTuple):
    """`part`: whose field it is: the customer's, a grant's or an API key's."""

    part: str
    read: Callable[[str], Value]


def _text(cell: str) -> str:
    if _SCIENTIFIC.fullmatch(cell):
        why = f"{cell} is what a spreadsheet makes of a long number, and digits of it are lost"
        raise CellError(f"{why}: format the column as text, and enter it again")
    return cell


def _whole(cell: str) -> int:
    if _INT.fullmatch(cell):
        return int(cell)
    raise CellError(_number_fault(cell, "a whole number, such as 1000"))


def _number(cell: str) -> float:
    if _FLOAT.fullmatch(cell):
        return float(cell)
    raise CellError(_number_fault(cell, "a number, such as 1000 or 2.5"))


def _number_fault(cell: str, wanted: str) -> str:
    if _GROUPED.fullmatch(cell):
        return f"{cell} may be a thousand or a one: write digits alone, such as 1000"
    if _DECIMAL_COMMA.fullmatch(cell):
        return f"{cell} has a comma: write 2.5"
    if _SCIENTIFIC.fullmatch(cell):
        return f"{cell} is how a spreadsheet shows a long number: format the column as a number"
    return f"{cell[:60]!r} is not {wanted}"


def _truth(cell: str) -> bool:
    # Spreadsheets write TRUE.
    if cell.lower() in {"true", "false"}:
        return cell.lower() == "true"
    raise CellError(f"{cell[:60]!r} is neither true nor false")


def _words(cell: str) -> list[Value]:
    return list(cell.split())


COLUMNS = {
    "customerId": Column("customer", _text),
    "plan": Column("customer", _text),
    "standing": Column("customer", _text),
    "mode": Column("customer", _text),
    "whenUnknown": Column("customer", _text),
    "usagePlanKeyId": Column("customer", _text),
    "usagePlanKeySha256": Column("customer", _text),
    "meter": Column("grant", _text),
    "limit": Column("grant", _whole),
    "period": Column("grant", _text),
    "anchorDay": Column("grant", _whole),
    "start": Column("grant", _text),
    "end": Column("grant", _text),
    "ratePerSecond": Column("grant", _number),
    "burst": Column("grant", _whole),
    "lagSeconds": Column("grant", _number),
    "keyId": Column("key", _text),
    "sha256": Column("key", _text),
    "apiGatewayKeyId": Column("key", _text),
    "environment": Column("key", _text),
    "scopes": Column("key", _words),
    "revoked": Column("key", _truth),
}
