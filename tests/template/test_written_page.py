"""Tables that are written into a page: none is left out, none stays empty."""

import pytest

from tests.template.written_page import with_tables

PAGE = "Before.\n\n<!-- table: crowd-1 -->\n\nold\n\n<!-- end -->\n\nAfter.\n"


def test_each_table_stands_between_its_marks() -> None:
    """Whatever its name is: a name with a digit once left a table empty, in silence."""
    page = with_tables(PAGE, {"crowd-1": "new"})
    assert page == PAGE.replace("old", "new")
    assert with_tables(page, {"crowd-1": "new"}) == page


@pytest.mark.parametrize("tables", [{}, {"other": "new"}, {"crowd-1": "new", "other": "new"}])
def test_marks_and_tables_that_differ_are_named(tables: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"the page marks \['crowd-1'\], and the tables are"):
        with_tables(PAGE, tables)


def test_a_table_has_one_mark() -> None:
    with pytest.raises(ValueError, match="the page marks"):
        with_tables(PAGE + PAGE, {"crowd-1": "new"})
