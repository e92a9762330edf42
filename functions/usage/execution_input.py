"""What a person types into the input of a state machine, read strictly: what the inputs of a replay
and of an audit have in common.
"""

import json
from datetime import datetime

from pydantic import ConfigDict

from functions.usage.from_outside import FromOutside
from functions.usage.plain_faults import meant

# Of an input only the first faults are told (256 KB of it can hold tens of thousands): more than
# these do not fit into what is told of them.
MOST_TOLD = 100


class ExecutionInput(FromOutside):
    """Nothing is converted, and each field has its one name."""

    model_config = ConfigDict(strict=True, validate_by_name=False, validate_by_alias=True)


def unwritable(given: object) -> str:
    """Why an input cannot be told of again; empty if it can. JSON can write half of a character, a
    lone surrogate; pydantic raises on it what is no refusal.
    """
    try:
        json.dumps(given, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        half = str(error.object)[error.start]
        return f"input: holds half of a character, {half!a}: write the whole character"
    return ""


def told_moment(value: object) -> datetime:
    """ValueError for what is no time with an offset."""
    # Not pydantic's own reading: it takes a bare number for seconds since 1970.
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise ValueError('give a time with its offset, as in "2026-10-02T08:00:00Z"')
    return moment


def unknown_field(field: str, kind: type[ExecutionInput], of: str) -> str:
    """`sorce: is not a field of a replay (source, ...): did you mean source?`."""
    known = [str(info.alias) for info in kind.model_fields.values()]
    near = meant(field.rpartition(".")[2], known)
    return f"{field}: is not a field of {of} ({', '.join(known)}){near}"
