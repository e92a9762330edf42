"""GitHub's Markdown comes in, Python-Markdown leaves, which builds the site.

They differ in four places that our pages use: what stands inside a list item is indented by four
columns there, a list and a table begin after an empty line, a bar in a cell's code is no end of
the cell, and a link may not leave the docs.
Text inside a fence is only moved, never changed.
"""

import re
from collections.abc import Iterator
from posixpath import dirname, normpath

_FENCE = re.compile(r"(`{3,}|~{3,})")
_ITEM = re.compile(r"(?:[*+-]|\d{1,9}[.)])\s+(?=\S)")
_LINK = re.compile(r"(`[^`]*`(?!\]))|\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)")
_CODE = re.compile(r"`[^`]+`")
_COLUMNS = 4


def as_python_markdown(page: str, text: str) -> str:
    """`page` is the page's place in the docs: `how-to/replay.md`."""
    return "\n".join(_separated(_indented(text.splitlines()), page)) + "\n"


def _indented(lines: list[str]) -> Iterator[str]:
    """Each line with four columns for each list item that it stands in."""
    items: list[int] = []
    fence = ""
    for line in lines:
        bare = line.lstrip()
        column = len(line) - len(bare)
        if not bare:
            yield ""
            continue
        if not fence:
            while items and column < items[-1]:
                items.pop()
        text = line[min(column, items[-1]) :] if items else line
        yield " " * _COLUMNS * len(items) + text
        if found := _FENCE.match(bare):
            fence = "" if fence and bare.startswith(fence) else fence or found.group()
        elif not fence and (item := _ITEM.match(bare)):
            items.append(column + item.end())


def _separated(lines: Iterator[str], page: str) -> Iterator[str]:
    """An empty line before a list and a table, and links that stay inside."""
    before, fence = "", ""
    for line in lines:
        bare = line.lstrip()
        found = _FENCE.match(bare)
        if fence or found:
            yield line
            if found:
                fence = "" if fence and bare.startswith(fence) else fence or found.group()
        else:
            if _begins(bare, before, line):
                yield ""
            inside = _LINK.sub(lambda link: _inside(link, page), line)
            yield _CODE.sub(_bare_bars, inside) if bare.startswith("|") else inside
        before = line


def _begins(bare: str, before: str, line: str) -> bool:
    """Whether a table, or a list that is in no other item, begins right below something else."""
    if not before.strip():
        return False
    if bare.startswith("|"):
        return not before.lstrip().startswith("|")
    return bool(_ITEM.match(line)) and not before.startswith(" ") and not _ITEM.match(before)


def _bare_bars(code: re.Match[str]) -> str:
    """In a cell's code a bar ends no cell there, and what escapes it on GitHub would be shown."""
    return code.group().replace("\\|", "|")


def _inside(link: re.Match[str], page: str) -> str:
    """A file of the repository that is no page is named, for the site does not hold it."""
    code, text, target = link.groups()
    if code or target.startswith(("#", "https://", "http://")):
        return link.group()
    place = normpath(f"docs/{dirname(page)}/{target.partition('#')[0]}")
    if place.startswith("docs/"):
        return link.group()
    return f"{text} (`{place}`)" if text.strip("`") != place else f"`{place}`"
