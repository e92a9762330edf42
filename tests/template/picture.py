"""`python -m tests.template.picture [--png]`: draws the state machines into state-machines.md.

A definition comes in, Mermaid text leaves, which GitHub shows as a picture; with `--png`, which
needs Graphviz, an image of those that a person follows in the console. A test says that both are
current.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.local.endpoints import ROOT
from tests.template.dot_picture import dot_of, png_of
from tests.template.state_picture import after, caught, class_of, id_of, inside, why_of
from tests.template.written_page import write_page

PAGE = ROOT / "docs" / "reference" / "state-machines.md"
FOLDER = ROOT / "statemachine"
PICTURED = ("replay", "audit")
SHAPES = {
    "Choice": ('{{"', '"}}'),
    "Wait": ('(["', '"])'),
    "Fail": ('[["', '"]]'),
    "Succeed": ('[["', '"]]'),
}
WORK, END = ('["', '"]'), ('[["', '"]]')
CLASSES = """\
  classDef decide fill:#fff8e1,stroke:#b58900,color:#222
  classDef wait fill:#f3f3f3,stroke:#888,color:#222
  classDef work fill:#e8f1fb,stroke:#2b6cb0,color:#222
  classDef done fill:#e9f7ec,stroke:#2f855a,color:#222
  classDef failed fill:#fdecea,stroke:#c53030,color:#222"""
HEAD = """\
# The state machines

Drawn from `statemachine/*.asl.yaml` by `make picture`, which needs Graphviz for the image.
A test fails when this page or the image is behind them.

Blue calls something, yellow decides, grey waits, green and red end.
A dotted line is what happens when a call has failed at every try.
A dashed frame in the image is a loop.
"""


def page(folder: Path = FOLDER) -> str:
    """The whole page."""
    files = sorted(folder.glob("*.asl.yaml"))
    return "\n".join([HEAD, *(section(file) for file in files)])


def read_machine(name: str) -> dict[str, Any]:
    text = (FOLDER / f"{name}.asl.yaml").read_text(encoding="utf-8")
    machine: dict[str, Any] = yaml.safe_load(text)
    return machine


def section(file: Path) -> str:
    name = file.name.removesuffix(".asl.yaml")
    machine = read_machine(name)
    drawing = "\n".join(drawn(machine))
    image = (
        f"![{name}: its states](../pictures/{png_path(name).name})\n\n" if name in PICTURED else ""
    )
    comment = f"{machine.get('Comment', '')}.\n\n"
    return f"## {name}\n\n{comment}{image}```mermaid\n{drawing}\n```\n"


def drawn(machine: Mapping[str, Any]) -> Iterator[str]:
    """The lines of one picture: states in the order of the file, then what follows what."""
    yield "flowchart TD"
    yield f"  start((start)) --> {id_of(machine['StartAt'])}"
    yield from _states(machine["States"])
    yield CLASSES


def _states(states: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    for name, state in states.items():
        is_end = bool(state.get("End"))
        opening, closing = SHAPES.get(state["Type"], END if is_end else WORK)
        label = name + "".join(f"<br/>({inner})" for inner in inside(state))
        yield f"  {id_of(name)}{opening}{label}{closing}:::{class_of(state)}"
    for name, state in states.items():
        for target, whys in after(state).items():
            why = why_of(whys, "<br/>")
            label = f'|"{why}"|' if why else ""
            yield f"  {id_of(name)} -->{label} {id_of(target)}"
        for target in caught(state):
            yield f"  {id_of(name)} -.-> {id_of(target)}"


def png_path(name: str) -> Path:
    return PAGE.parent.parent / "pictures" / f"{name}-state-machine.png"


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.template.picture", description=__doc__)
    parser.add_argument("--png", action="store_true", help="the images too: needs Graphviz")
    if parser.parse_args().png:
        for name in PICTURED:
            png_path(name).write_bytes(png_of(dot_of(read_machine(name))))
            sys.stdout.write(f"{png_path(name).relative_to(ROOT)}: drawn\n")
    return write_page(PAGE, page(), "drawn")


if __name__ == "__main__":
    sys.exit(main())
