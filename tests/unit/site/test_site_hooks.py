"""The site's navigation."""

from pathlib import Path

from tests.site.site_hooks import navigation


def test_pages_stand_in_the_order_of_the_index_and_none_is_missing(tmp_path: Path) -> None:
    """Those that the index does not name come behind, folders last."""
    places = ["how-to/audit.md", "how-to/deploy.md", "how-to/replay.md", "explanation/quota.md"]
    places += ["explanation/decisions.md", "explanation/decisions/0001-packaging.md"]
    for place in places:
        page = tmp_path / place
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text("# A page\n")
    (tmp_path / "README.md").write_text(
        "[C](how-to/replay.md) [A](how-to/audit.md#more) [out](../LICENSE)\n"
    )
    assert navigation(tmp_path) == [
        {"Start": "README.md"},
        {"Tutorial": []},
        {"How-to": ["how-to/replay.md", "how-to/audit.md", "how-to/deploy.md"]},
        {"Reference": []},
        {
            "Explanation": [
                "explanation/quota.md",
                {
                    "Decisions": [
                        "explanation/decisions.md",
                        "explanation/decisions/0001-packaging.md",
                    ]
                },
            ]
        },
    ]
