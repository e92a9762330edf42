"""Which lines of an object of the ledger may be of some keys, told before any of them is parsed.

The forwarder writes a row's key first: `{"key":"apigw1-...","customerId":...`. So most lines are
told by a few bytes at their beginning, for a tenth of what parsing costs. Guaranteed: a line whose
row has a wanted key is given, whatever its fields hold and whoever wrote it; a line that is given
may be of another key. What is not given is not looked at any further, not even whether it is JSON.
"""

from collections.abc import Collection, Container, Iterable, Iterator

_ESCAPE = b"\\"


def lines_with(blocks: Iterable[bytes], keys: Collection[str]) -> Iterator[bytes]:
    """`blocks` are whole lines, without the newline of the last."""
    yield from lines_in(blocks, {key.encode(errors="surrogatepass") for key in keys})


def lines_in(
    blocks: Iterable[bytes], wanted: Container[bytes], field: str = "key"
) -> Iterator[bytes]:
    """As `lines_with`, of any rows whose first field is `field`, a text: those that may have one in
    `wanted`.
    """
    # A text with a quote or a control character has an escape in JSON: such lines are given anyway.
    name = f'"{field}"'.encode()
    first = b"{" + name + b':"'
    at = len(first)
    for block in blocks:
        lines = block.split(b"\n")
        # Once for thousands of lines: in such a block no line has a second name or an escape.
        if _ESCAPE not in block and block.count(name) == len(lines):
            for line in lines:
                if line[at : line.find(b'"', at)] in wanted or not line.startswith(first):
                    yield line
        else:
            yield from (line for line in lines if _may_be_of(line, wanted, name, at))


def _may_be_of(line: bytes, wanted: Container[bytes], name: bytes, at: int) -> bool:
    is_first = line.startswith(b"{" + name + b':"')
    if not is_first or _ESCAPE in line or line.rfind(name) != 1:
        # A field of that name further on, or one that is spelled with escapes, would be the key.
        return True
    return line[at : line.find(b'"', at)] in wanted
