"""The order of these tests: what reads the template comes first, what transforms it or runs a
command for each page comes last. Who breaks a line of the template hears of it in seconds.
"""

import pytest

FIRST = ("test_house_rules", "test_road", "test_alarms", "test_forwarder_time", "test_tables")
LAST = (
    "test_add_a_source",
    "test_aws_commands",
    "test_command_line_page",
    "test_composed",
    "test_cost",
    "test_dashboard",
    "test_documents",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whole files change places: within one, and elsewhere, all stays as it was."""
    own = [one for one in items if one.path.parent.name == "template"]
    places = [place for place, one in enumerate(items) if one.path.parent.name == "template"]
    for place, one in zip(places, sorted(own, key=_rank), strict=True):
        items[place] = one


def _rank(item: pytest.Item) -> int:
    name = item.path.stem
    if name in FIRST:
        return FIRST.index(name)
    return len(FIRST) + (LAST.index(name) + 1 if name in LAST else 0)
