"""`python -m tests.template.picture`: draws the state machines into docs/state-machines.md.

A definition comes in, Mermaid text leaves, which GitHub shows as a picture. A test says that the
page is current.
"""

import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.local.endpoints import ROOT

PAGE = ROOT / "docs" / "state-machines.md"
FOLDER = ROOT / "statemachine"
# By what a reader asks of a state: does it work, decide, wait, or end?
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

Drawn from `statemachine/*.asl.yaml` by `.venv/bin/python -m tests.template.picture`; a test fails
when this page is behind them. Blue calls something, yellow decides, grey waits, green and red end.
A dotted line is what happens when a call has failed at every try.
"""


def page(folder: Path = FOLDER) -> str:
    """The whole page."""
    files = sorted(folder.glob("*.asl.yaml"))
    return "\n".join([HEAD, *(section(file) for file in files)])


def section(file: Path) -> str:
    machine = yaml.safe_load(file.read_text(encoding="utf-8"))
    name = file.name.removesuffix(".asl.yaml")
    drawing = "\n".join(drawn(machine))
    return f"## {name}\n\n{machine.get('Comment', '')}.\n\n```mermaid\n{drawing}\n```\n"


def drawn(machine: Mapping[str, Any]) -> Iterator[str]:
    """The lines of one picture: states in the order of the file, then what follows what."""
    yield "flowchart TD"
    yield f"  start((start)) --> {_id(machine['StartAt'])}"
    yield from _states(machine["States"])
    yield CLASSES


def _states(states: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    for name, state in states.items():
        is_end = bool(state.get("End"))
        opening, closing = SHAPES.get(state["Type"], END if is_end else WORK)
        label = name + "".join(f"<br/>({inner})" for inner in _inside(state))
        yield f"  {_id(name)}{opening}{label}{closing}:::{_class(state)}"
    for name, state in states.items():
        for target, why in _after(state).items():
            label = f'|"{why}"|' if why else ""
            yield f"  {_id(name)} -->{label} {_id(target)}"
        for target in _caught(state):
            yield f"  {_id(name)} -.-> {_id(target)}"


def _after(state: Mapping[str, Any]) -> dict[str, str]:
    """Each once and when it follows, the usual way last: it is drawn straight on."""
    whys: dict[str, list[str]] = {}
    for rule in state.get("Choices", []):
        whys.setdefault(rule["Next"], []).append(rule.get("Comment", ""))
    if "Default" in state:
        whys.setdefault(state["Default"], []).append("else")
    if "Next" in state:
        whys.setdefault(state["Next"], [])
    return {name: "<br/>".join(filter(None, said)) for name, said in whys.items()}


def _caught(state: Mapping[str, Any]) -> list[str]:
    targets = dict.fromkeys(catch["Next"] for catch in state.get("Catch", []))
    return [name for name in targets if name not in _after(state)]


def _inside(state: Mapping[str, Any]) -> list[str]:
    """The states that a Map or a Parallel runs for each of its items."""
    branches = [state["ItemProcessor"]] if "ItemProcessor" in state else state.get("Branches", [])
    return [name for branch in branches for name in branch["States"]]


def _class(state: Mapping[str, Any]) -> str:
    if state["Type"] == "Fail":
        return "failed"
    if state.get("End") or state["Type"] == "Succeed":
        return "done"
    return {"Choice": "decide", "Wait": "wait"}.get(state["Type"], "work")


def _id(name: str) -> str:
    return re.sub(r"\W+", "_", name).strip("_").lower() or "state"


def main() -> int:
    PAGE.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"{PAGE.relative_to(ROOT)}: drawn\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
