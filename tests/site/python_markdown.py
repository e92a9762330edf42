"""GitHub's Markdown comes in, Python-Markdown leaves, which builds the site.

They differ in four places that our pages use: what stands inside a list item is indented by four
columns there, a block begins after an empty line, a bar in a cell's code is no end of the cell,
and a link may not leave the docs.
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
_END = "\0"  # no page has it


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
    """An empty line where another block begins, and links that stay inside."""
    before, fence, is_loose = "", "", False
    for line in lines:
        bare = line.lstrip()
        found = _FENCE.match(bare)
        if fence:
            yield line
            fence = "" if found and bare.startswith(fence) else fence
            before = line if fence else _END
            continue
        if bare and not before.strip():
            is_loose = line.startswith(" ")
        if _begins(bare, before, line, is_loose=is_loose):
            yield ""
        if found:
            fence = found.group()
            yield line
        else:
            inside = _LINK.sub(lambda link: _inside(link, page), line)
            yield _CODE.sub(_bare_bars, inside) if bare.startswith("|") else inside
        before = line


def _begins(bare: str, before: str, line: str, *, is_loose: bool) -> bool:
    """Whether a block begins right below something else: whatever stands below a fence, a table, a
    list that is in no other item, and an item of a list whose items have blocks of their own.
    """
    if not before.strip() or not bare:
        return False
    if before == _END:
        return True
    if bare.startswith("|"):
        return not before.lstrip().startswith("|")
    if not _ITEM.match(bare):
        return False
    return is_loose or (line == bare and not before.startswith(" ") and not _ITEM.match(before))


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
