"""The fields of a JSON object come in; lines for a person leave.

Every field is shown, those of a newer writer too: a figure stands in a line, a list of rows in a
table.
"""

import json
from collections.abc import Iterator, Mapping, Sequence

from functions.operator.rows import aligned

type Fields = Mapping[str, object]

# The order of a replay as JSON, to be given again.
_AS_JSON = frozenset({"order"})


def readable(output: Fields) -> str:
    """The text; the fields of a report stand beside those around it."""
    return "".join(_lines(output))


def _lines(fields: Fields) -> Iterator[str]:
    rows = {name: found for name, value in fields.items() if (found := _rows(value))}
    for name, value in fields.items():
        if name in rows:
            continue
        if isinstance(value, Mapping) and name not in _AS_JSON:
            yield from _section(name, value)
        elif value not in (None, [], {}):
            yield f"{name}: {_text(value)}\n"
    for name, found in rows.items():
        yield from _table(name, found)


def _section(name: str, fields: Fields) -> Iterator[str]:
    if any(isinstance(value, Mapping | list) for value in fields.values()):
        yield from _lines(fields) if name == "report" else _nested(name, fields)
    elif fields:
        yield f"{name}: {', '.join(f'{key} {_text(value)}' for key, value in fields.items())}\n"


def _nested(name: str, fields: Fields) -> Iterator[str]:
    plain = {key: value for key, value in fields.items() if not isinstance(value, Mapping | list)}
    if plain:
        yield from _section(name, plain)
    rest = {f"{name}.{key}": value for key, value in fields.items() if key not in plain}
    yield from _lines(rest)


def _table(name: str, rows: Sequence[Fields]) -> Iterator[str]:
    flat = [_flat(row) for row in rows]
    columns = list(dict.fromkeys(key for row in flat for key in row))
    lines = [[row.get(column, "") for column in columns] for row in flat]
    numbers = [at for at in range(len(columns)) if all(line[at].isdigit() for line in lines)]
    yield f"{name}:\n"
    yield from (f"  {line}" for line in aligned([columns, *lines], numbers))


def _flat(row: Fields) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in row.items():
        if isinstance(value, Mapping):
            found |= {str(key): _text(inner) for key, inner in value.items()}
        else:
            found[name] = _text(value)
    return found


def _rows(value: object) -> list[Fields]:
    """Empty for what is no list of rows."""
    if not isinstance(value, list):
        return []
    found = [one for one in value if isinstance(one, Mapping)]
    return found if len(found) == len(value) else []


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
