"""Bytes of a file come in, in pieces of any size; its lines leave, without their ends.

Gzip is opened by its first bytes, as often as it is packed; UTF-16, which PowerShell writes, is
decoded. What is no text is replaced, never an exception. A line is held, never the file.
"""

import codecs
import zlib
from collections.abc import Iterable, Iterator
from itertools import chain

from functions.operator.explain.bad_input import BadInputError

_GZIP = b"\x1f\x8b"
_GZIP_WBITS = 31
# A megabyte of gzip can open to a gigabyte: it is opened piece by piece.
_PIECE_BYTES = 1024 * 1024
_TWO_LETTERS = 4


def text_lines(pieces: Iterable[bytes]) -> Iterator[str]:
    """Every line, blank ones too. BadInputError where gzip is cut or broken."""
    rest = iter(pieces)
    first = next(rest, b"")
    whole = chain([first], rest)
    if first.startswith(_GZIP):
        return text_lines(_unzipped(whole))
    return _lines(whole, _encoding(first))


def _encoding(first: bytes) -> str:
    if first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    # Without a mark: two ASCII characters, each beside a zero.
    begins = first[:_TWO_LETTERS]
    if len(begins) == _TWO_LETTERS and begins.replace(b"\0", b"").isascii():
        zeros = [at for at, byte in enumerate(begins) if byte == 0]
        if zeros in ([0, 2], [1, 3]):
            return "utf-16-be" if zeros[0] == 0 else "utf-16-le"
    return "utf-8-sig"


def _lines(pieces: Iterable[bytes], encoding: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    begun: list[str] = []
    for piece in pieces:
        first, *others = decoder.decode(piece).split("\n")
        begun.append(first)
        if others:
            yield "".join(begun).removesuffix("\r")
            yield from (line.removesuffix("\r") for line in others[:-1])
            begun = [others[-1]]
    begun.append(decoder.decode(b"", final=True))
    last = "".join(begun).removesuffix("\r")
    if last:
        yield last


def _unzipped(pieces: Iterable[bytes]) -> Iterator[bytes]:
    unpacker = zlib.decompressobj(_GZIP_WBITS)
    try:
        for piece in pieces:
            packed = piece
            while packed or unpacker.unconsumed_tail:
                if unpacker.eof:  # files that were put one behind the other
                    packed = packed.lstrip(b"\0")
                    unpacker = zlib.decompressobj(_GZIP_WBITS) if packed else unpacker
                    if not packed:
                        break
                opened = unpacker.decompress(packed, _PIECE_BYTES)
                packed = unpacker.unconsumed_tail or unpacker.unused_data
                if opened:
                    yield opened
    except zlib.error:
        raise BadInputError("the gzip data is broken: download it again") from None
    if not unpacker.eof:
        raise BadInputError("the gzip data is cut short: download it again")
