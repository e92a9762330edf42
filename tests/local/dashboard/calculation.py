"""An expression of metric math and the rows that it names come in; the row that it makes leaves.

Names, numbers, + - * /, FILL(row, number) and SUM(rows); ValueError names what else stands there.
"""

import ast
import operator
from collections.abc import Callable, Mapping, Sequence

type Row = list[float | None]

_OPERATORS: Mapping[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def calculated(expression: str, names: Mapping[str, Row | list[Row]], periods: int) -> Row:
    """One value for each period; None where an operand has none, or is divided by nothing."""
    found = _Calculating(names, periods).value(ast.parse(expression, mode="eval").body)
    return _as_row(found)


class _Calculating:
    def __init__(self, names: Mapping[str, Row | list[Row]], periods: int) -> None:
        self._names = names
        self._periods = periods

    def value(self, node: ast.expr) -> Row | list[Row]:
        match node:
            case ast.Name(id=name):
                return self._names[name]
            case ast.Constant(value=int() | float() as number):
                same: Row = [float(number)] * self._periods
                return same
            case ast.BinOp(left=left, op=op, right=right):
                pairs = zip(self._row(left), self._row(right), strict=True)
                return [_both(_OPERATORS[type(op)], one, other) for one, other in pairs]
            case ast.Call(func=ast.Name(id="FILL"), args=[row, number]):
                fills = self._row(number)
                return [f if v is None else v for v, f in zip(self._row(row), fills, strict=True)]
            case ast.Call(func=ast.Name(id="SUM"), args=[rows]):
                return self._summed(self.value(rows))
        message = f"an expression that is not understood here: {ast.unparse(node)}"
        raise ValueError(message)

    def _row(self, node: ast.expr) -> Row:
        return _as_row(self.value(node))

    def _summed(self, rows: Row | list[Row]) -> Row:
        several = [row for row in rows if isinstance(row, list)]
        columns = [[row[period] for row in several] for period in range(self._periods)]
        return [_sum([value for value in column if value is not None]) for column in columns]


def _both(
    combine: Callable[[float, float], float], one: float | None, other: float | None
) -> float | None:
    if one is None or other is None or (combine is operator.truediv and not other):
        return None
    return combine(one, other)


def _sum(values: Sequence[float]) -> float | None:
    return sum(values) if values else None


def _as_row(found: Row | list[Row]) -> Row:
    row: Row = []
    for value in found:
        if isinstance(value, list):
            message = "several lines stand where one is needed: SUM makes one of them"
            raise ValueError(message)  # noqa: TRY004 - the expression is wrong, not the caller
        row.append(value)
    return row
