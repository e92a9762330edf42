"""Where a JSON document ends, line by line."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.operator.explain.json_scan import JsonScan, NotJsonError

DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
).filter(lambda found: isinstance(found, dict | list))
BEHIND = st.sampled_from(["", " ", ",", "{", "}", "]", '"x"', "text"])


def scanned(text: str) -> str | None:
    """What of the text is the document; None where the text ends before it."""
    scan, before = JsonScan(), 0
    for line in text.split("\n"):
        end = scan.end_in(line)
        if end is not None:
            return text[: before + end]
        before += len(line) + 1
    return None


@given(
    document=DOCUMENTS,
    indent=st.sampled_from([None, 0, 2, "\t"]),
    behind=BEHIND,
    is_ascii=st.booleans(),
)
def test_a_document_ends_where_it_ends(
    document: object, indent: int | str | None, behind: str, *, is_ascii: bool
) -> None:
    """However it is printed, and whatever stands behind it."""
    text = json.dumps(document, indent=indent, ensure_ascii=is_ascii)
    assert scanned(text + behind) == text


@given(DOCUMENTS, st.integers(min_value=0))
def test_a_document_goes_on_until_its_last_line(document: object, number: int) -> None:
    """Whichever of its lines is the last that came."""
    lines = json.dumps(document, indent=1).split("\n")
    assert scanned("\n".join(lines[: number % len(lines)])) is None


@pytest.mark.parametrize(
    "text",
    ['{"status":-,', "{1:2}", '{"a" "b"}', "[1 2]", "{,}", '{"a":1,}', "[}", '{"a":"b', "[x]", "]"],
)
def test_what_is_no_json_is_seen_at_once(text: str) -> None:
    """Lines that only begin like a document are lines."""
    with pytest.raises(NotJsonError):
        JsonScan().end_in(text)
