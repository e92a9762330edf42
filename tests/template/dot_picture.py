"""A state machine as a PNG, drawn by Graphviz: a definition comes in, the bytes of a file leave.

States that lead back to each other stand in one frame: a reader sees the loops. The file says which
drawing it is, so that a test needs no Graphviz to see that it is behind.
"""

import re
import subprocess
import zlib
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any

from tests.template.state_picture import after, caught, class_of, id_of, why_of

LOOKS = {
    "work": 'shape=box style="filled" fillcolor="#e8f1fb" color="#2b6cb0"',
    "decide": 'shape=hexagon style="filled" fillcolor="#fff8e1" color="#b58900"',
    "wait": 'shape=box style="filled,rounded" fillcolor="#f3f3f3" color="#888888"',
    "done": 'shape=box style="filled" peripheries=2 fillcolor="#e9f7ec" color="#2f855a"',
    "failed": 'shape=box style="filled" peripheries=2 fillcolor="#fdecea" color="#c53030"',
}
HEAD = """\
digraph {
  graph [rankdir=TB nodesep=0.35 ranksep=0.45 dpi=110 pad=0.2 fontname="DejaVu Sans"]
  node [fontname="DejaVu Sans" fontsize=11 margin="0.16,0.08"]
  edge [fontname="DejaVu Sans" fontsize=9 color="#555555"]
  start [shape=circle label="" style=filled fillcolor="#222222" width=0.2]"""
_PNG_HEADER_BYTES = 33  # the signature and IHDR, after which any chunk may stand
_STAMP = "drawing"


def dot_of(machine: Mapping[str, Any]) -> str:
    """The drawing as Graphviz reads it."""
    return "\n".join([HEAD, *_lines(machine), "}"])


def png_of(dot: str) -> bytes:
    """Needs Graphviz: its program `dot`."""
    drawn = subprocess.run(["dot", "-Tpng"], input=dot.encode(), capture_output=True, check=True)
    text = f"{_STAMP}\0{_digest(dot)}".encode("latin-1")
    checked = b"tEXt" + text
    chunk = len(text).to_bytes(4) + checked + zlib.crc32(checked).to_bytes(4)
    return drawn.stdout[:_PNG_HEADER_BYTES] + chunk + drawn.stdout[_PNG_HEADER_BYTES:]


def is_drawing_of(png: bytes, dot: str) -> bool:
    """Whether a file is what `png_of` makes of this drawing, by whichever Graphviz."""
    return f"{_STAMP}\0{_digest(dot)}".encode("latin-1") in png


def loops(machine: Mapping[str, Any]) -> list[list[str]]:
    """States that lead back to each other, in the order of the file."""
    reached = {name: _reached(machine["States"], name) for name in machine["States"]}
    found: list[list[str]] = []
    for name, others in reached.items():
        loop = [one for one in reached if one in others and name in reached[one]]
        if loop and loop not in found:
            found.append(loop)
    return found


def _reached(states: Mapping[str, Mapping[str, Any]], name: str) -> set[str]:
    waiting, reached = [name], set[str]()
    while waiting:
        state = states[waiting.pop()]
        fresh = {*after(state), *caught(state)} - reached
        reached |= fresh
        waiting += fresh
    return reached


def _lines(machine: Mapping[str, Any]) -> Iterator[str]:
    states = machine["States"]
    yield f"  start -> {id_of(machine['StartAt'])}"
    for number, loop in enumerate(loops(machine)):
        yield f'  subgraph cluster_{number} {{ color="#bbbbbb" style="rounded,dashed" margin=14'
        yield from (f"    {id_of(name)}" for name in loop)
        yield "  }"
    for name, state in states.items():
        yield f'  {id_of(name)} [label="{name}" {LOOKS[class_of(state)]}]'
    for name, state in states.items():
        for target, whys in after(state).items():
            label = f' [label=" {why_of(whys, "\\n ")} "]' if whys else ""
            yield f"  {id_of(name)} -> {id_of(target)}{label}"
        for target in caught(state):
            yield f"  {id_of(name)} -> {id_of(target)} [style=dashed]"


def _digest(dot: str) -> str:
    return sha256(re.sub(r"\s+", " ", dot).encode()).hexdigest()
