"""What pydantic found wrong in a document comes in; each wrong place leaves, with its fault."""

from collections.abc import Iterator

from pydantic import ValidationError


def complaints(error: ValidationError) -> Iterator[str]:
    """Each wrong place once. A list is too short also because its members are not usable."""
    faults = error.errors(include_url=False, include_input=False)
    places = [fault["loc"] for fault in faults]
    for fault in faults:
        place = fault["loc"]
        holds_another = any(one[: len(place)] == place != one for one in places)
        if fault["type"] != "too_short" or not holds_another:
            yield f"{'.'.join(map(str, place)) or 'document'}: {fault['msg']}"
