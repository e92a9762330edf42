"""Pages that GitHub shows well are built well."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.site.python_markdown import as_python_markdown


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("Text\n* one\n* two", "Text\n\n* one\n* two"),
        ("* one\n  more\n* two", "* one\n    more\n* two"),
        (
            "1. Do:\n\n   ```sh\n   ls\n     -l\n   ```\n2. Next",
            "1. Do:\n\n    ```sh\n    ls\n      -l\n    ```\n\n2. Next",
        ),
        ("```sh\nls\n```\nText", "```sh\nls\n```\n\nText"),
        ("1. One\n\n   More\n2. Two", "1. One\n\n    More\n\n2. Two"),
        ("* one\n\n| a |\n\n* two\n  more\n* three", "* one\n\n| a |\n\n* two\n    more\n* three"),
        ("1. One\n   * inner\n     more", "1. One\n    * inner\n        more"),
        ("* one\n\nText", "* one\n\nText"),
        ("Text\n| a |\n|---|\n| 1 |", "Text\n\n| a |\n|---|\n| 1 |"),
        ("```\nText\n* one\n   1. x\n```", "```\nText\n* one\n   1. x\n```"),
        ("| `a\\|b` | c\\|d |", "| `a|b` | c\\|d |"),
        ("see [this](../explanation/quota.md#lag)", "see [this](../explanation/quota.md#lag)"),
        ("see [it](../../template.yaml)", "see it (`template.yaml`)"),
        ("see [`LICENSE`](../../LICENSE)", "see `LICENSE`"),
        ("`[it](../../template.yaml)` there", "`[it](../../template.yaml)` there"),
    ],
)
def test_a_page_means_the_same_there(ours: str, theirs: str) -> None:
    """Lists, fences inside of them, tables, and links that would leave the site."""
    assert as_python_markdown("how-to/replay.md", ours) == f"{theirs}\n"


WORD = st.text("abc*`| 1.", max_size=12)


@given(st.lists(WORD, max_size=12))
def test_no_word_is_lost_or_made(lines: list[str]) -> None:
    """Only blanks and empty lines come and go."""
    text = "\n".join(lines)
    assert as_python_markdown("quota.md", text).split() == text.split()
