"""The site's navigation."""

from pathlib import Path

from tests.site.site_hooks import navigation


def test_pages_stand_in_the_order_of_the_index_and_none_is_missing(tmp_path: Path) -> None:
    """Those that the index does not name come behind, folders last."""
    places = ["how-to/a.md", "how-to/b.md", "how-to/c.md", "explanation/quota.md"]
    places += ["explanation/decisions.md", "explanation/decisions/0001-one.md"]
    for place in places:
        page = tmp_path / place
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text("# A page\n")
    (tmp_path / "README.md").write_text("[C](how-to/c.md) [A](how-to/a.md#more) [out](../x.md)\n")
    assert navigation(tmp_path) == [
        {"Start": "README.md"},
        {"Tutorial": []},
        {"How-to": ["how-to/c.md", "how-to/a.md", "how-to/b.md"]},
        {"Reference": []},
        {
            "Explanation": [
                "explanation/quota.md",
                {"Decisions": ["explanation/decisions.md", "explanation/decisions/0001-one.md"]},
            ]
        },
    ]
