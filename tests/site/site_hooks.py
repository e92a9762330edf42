"""What MkDocs calls while it builds the site of docs/ (.ci/mkdocs.yml).

Pages of GitHub come in; a navigation of the four kinds, pages in MkDocs's own Markdown and a
program that draws the diagrams leave. Nothing of it comes from another host.
"""

import re
from pathlib import Path
from typing import Any

from tests.site.python_markdown import as_python_markdown

KINDS = {
    "Tutorial": "tutorial",
    "How-to": "how-to",
    "Reference": "reference",
    "Explanation": "explanation",
}
_HERE = Path(__file__).parent
_NODE = _HERE.parent.parent / ".ci" / "node_modules"
# What Material would fetch from a CDN: what draws, and what searches where no server is (file://).
CDN_SEARCH = "https://unpkg.com/iframe-worker/shim"
SEARCH = "javascripts/search-of-a-folder.js"
ADDED = {
    "javascripts/mermaid.js": _NODE / "@mermaid-js" / "tiny" / "dist" / "mermaid.tiny.js",
    SEARCH: _NODE / "iframe-worker" / "shim" / "index.js",
    "stylesheets/site.css": _HERE / "site.css",
}


def on_config(config: Any) -> Any:
    """The navigation: the four kinds in the order in which a reader meets them."""
    config.nav = navigation(Path(config.docs_dir))
    return config


def navigation(docs: Path) -> list[Any]:
    """Pages in the order of the index, those that it does not name behind them."""
    index = (docs / "README.md").read_text(encoding="utf-8")
    named = re.findall(r"\]\(([^)#]+\.md)", index)
    nav: list[Any] = [{"Start": "README.md"}]
    for title, folder in KINDS.items():
        pages = [str(page.relative_to(docs)) for page in sorted((docs / folder).rglob("*.md"))]
        order = [page for page in dict.fromkeys(named) if page in pages]
        groups = {group: _of_group(pages, group) for group in _groups(pages)}
        inner = {page for group in groups.values() for page in group}
        listed: list[Any] = [page for page in dict.fromkeys([*order, *pages]) if page not in inner]
        listed += [{group.capitalize(): found} for group, found in groups.items()]
        nav.append({title: listed})
    return nav


def _groups(pages: list[str]) -> list[str]:
    """The folders inside a kind's."""
    return list(dict.fromkeys(page.split("/")[1] for page in pages if page.count("/") > 1))


def _of_group(pages: list[str], group: str) -> list[str]:
    """The page that tells of a folder, then what is in it."""
    return sorted(page for page in pages if page.split("/")[1] in {group, f"{group}.md"})


def on_files(files: Any, config: Any) -> Any:
    """Our style, and the drawing program from the package that `make` installed."""
    from mkdocs.structure.files import File  # noqa: PLC0415 - only the site's environment has it

    for place, file in ADDED.items():
        files.append(File.generated(config, place, abs_src_path=str(file)))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """What GitHub shows as it should be, so that the site does."""
    return as_python_markdown(page.file.src_uri, markdown)


def on_post_page(output: str, page: Any, **_: Any) -> str:
    """The search's program from here."""
    return output.replace(CDN_SEARCH, "../" * page.file.dest_uri.count("/") + SEARCH)


def on_post_template(output_content: str, template_name: str, **_: Any) -> str:
    """The page for what is not found is no page of ours, and stands at the top."""
    return output_content.replace(CDN_SEARCH, SEARCH)
