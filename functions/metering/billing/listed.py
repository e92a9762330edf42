"""A list that somebody put into a log line comes in; its elements leave, each as keys and values.

API Gateway's context holds only text, so that a list is written as JSON in a text, or as names with
commas between them; a line that an integration writes may hold a JSON array itself.
"""

from collections.abc import Mapping, Sequence

from functions.metering.configuration.product_fields import TOOL_NAME
from functions.metering.line_text import is_absent
from functions.usage.outcome import Quarantined
from functions.usage.strict_json import read_array

BAD_LIST = "bad_list"
# A JSON-RPC batch has some tens of calls; each element becomes an event.
ELEMENTS = 1000

type Element = Mapping[str, object]


def elements_of(value: object, key: str) -> Sequence[Element] | Quarantined:
    """The elements; none where the list is absent or empty. A text is the name of a tool."""
    if is_absent(value):
        return ()
    found = _listed(value) if isinstance(value, str) else value
    if not isinstance(found, list):
        return Quarantined(BAD_LIST, f"{key} is neither a JSON array nor names with commas")
    if len(found) > ELEMENTS:
        return Quarantined(BAD_LIST, f"{key} has more than {ELEMENTS} elements")
    elements = [_element(entry) for entry in found]
    known = [element for element in elements if element]
    if len(known) != len(elements):
        return Quarantined(BAD_LIST, f"an element of {key} is neither a name nor an object")
    return known


def _listed(text: str) -> object:
    return read_array(text) if text.startswith("[") else [name.strip() for name in text.split(",")]


def _element(entry: object) -> Element | None:
    if isinstance(entry, str) and entry:
        return {TOOL_NAME: entry}
    return entry if isinstance(entry, dict) else None
