"""What a picture of a state machine shows of a state: its kind, and what follows it when."""

import re
from collections.abc import Iterable, Mapping
from typing import Any


def after(state: Mapping[str, Any]) -> dict[str, list[str]]:
    """Each once and when it follows, the usual way last: it is drawn straight on."""
    whys: dict[str, list[str]] = {}
    for rule in state.get("Choices", []):
        whys.setdefault(rule["Next"], []).append(rule.get("Comment", ""))
    if "Default" in state:
        whys.setdefault(state["Default"], []).append("else")
    if "Next" in state:
        whys.setdefault(state["Next"], [])
    return whys


def why_of(whys: Iterable[str], between: str) -> str:
    return between.join(filter(None, whys))


def caught(state: Mapping[str, Any]) -> list[str]:
    """Where it goes when a call has failed at every try, unless it goes there anyway."""
    targets = dict.fromkeys(catch["Next"] for catch in state.get("Catch", []))
    return [name for name in targets if name not in after(state)]


def inside(state: Mapping[str, Any]) -> list[str]:
    """The states that a Map or a Parallel runs for each of its items."""
    branches = [state["ItemProcessor"]] if "ItemProcessor" in state else state.get("Branches", [])
    return [name for branch in branches for name in branch["States"]]


def class_of(state: Mapping[str, Any]) -> str:
    """By what a reader asks of a state: does it work, decide, wait, or end?"""
    if state["Type"] == "Fail":
        return "failed"
    if state.get("End") or state["Type"] == "Succeed":
        return "done"
    return {"Choice": "decide", "Wait": "wait"}.get(state["Type"], "work")


def id_of(name: str) -> str:
    return re.sub(r"\W+", "_", name).strip("_").lower() or "state"
