"""A page's blocks of shell come in; the commands in them leave, as words."""

import re
import shlex
from collections.abc import Iterator

_BLOCK = re.compile(r"^( *)```sh\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`([^`\n]+)`")
_HERE = re.compile(r"<<'(\w+)'.*?^ *\1$", re.MULTILINE | re.DOTALL)
_ENDS = frozenset({"|", ";", "&&", "||", ">", ">>", ")", "&", "<", "2>"})


def shell_blocks(page: str) -> Iterator[str]:
    """Without what is fed to a command from the page itself; a command of several lines is one."""
    for _, text in _BLOCK.findall(page):
        yield _HERE.sub("", text).replace("\\\n", " ")


def inline_codes(page: str) -> Iterator[str]:
    """What stands in a sentence or in a table between backticks."""
    yield from _INLINE.findall(re.sub(r"^ *```.*?^ *```", "", page, flags=re.MULTILINE | re.DOTALL))


def commands_of(program: str, text: str) -> Iterator[list[str]]:
    """Each call of the program in a block of shell, in `$(...)` too: its words, up to the next
    command.
    """
    begins = rf"(?:^|[|;(]|&&)\s*(?=({re.escape(program)} .*))"
    for found in re.finditer(begins, text, re.MULTILINE):
        yield _words(found[1])


def _words(text: str) -> list[str]:
    lexer = shlex.shlex(text, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    words = []
    for word in lexer:
        if word in _ENDS:
            break
        words.append(word)
    return words
