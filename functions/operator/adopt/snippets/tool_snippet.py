"""What would change of an API that a tool made comes in; the lines that its owner puts into that
tool's own files leave. Nothing of the API is changed by hand: the tool's next deploy would undo it.
"""

import json
from collections.abc import Callable, Iterator, Mapping

from functions.operator.adopt.adopted_stage import AdoptedStage, Maker
from functions.operator.adopt.adoption_order import AdoptingStack
from functions.operator.adopt.adoption_plan import AdoptionPlan
from functions.operator.adopt.planned_change import ChangeKind, PlannedChange
from functions.operator.adopt.snippets.cdk_snippet import cdk_lines
from functions.operator.adopt.snippets.cloudformation_snippet import (
    cloudformation_lines,
    sam_lines,
)
from functions.operator.adopt.snippets.terraform_snippet import terraform_lines
from functions.operator.adopt.snippets.wanted_state import WantedState, wanted_state

_OF_TOOL: Mapping[Maker, Callable[[WantedState], Iterator[str]]] = {
    "cloudformation": cloudformation_lines,
    "sam": sam_lines,
    "cdk": cdk_lines,
    "terraform": terraform_lines,
}


def snippet_lines(stage: AdoptedStage, ours: AdoptingStack, plan: AdoptionPlan) -> Iterator[str]:
    """For the tool that made the API, and for the configuration, which is no tool's."""
    source = next((one for one in plan.changes if one.kind is ChangeKind.SOURCE), None)
    if source is not None:
        yield ""
        yield from _declaration(ours, source)
    if any(one.kind is not ChangeKind.SOURCE for one in plan.changes):
        yield ""
        yield from _OF_TOOL[stage.made_by](wanted_state(stage, ours, plan))


def _declaration(ours: AdoptingStack, source: PlannedChange) -> Iterator[str]:
    said = {"sources": [source.after]}
    version = {
        "accessLogs": {(source.after or {})["logGroup"]: source.target["accessLog"]},
        "customers": source.target["customers"],
    }
    yield "# the configuration: add to metering.json, the second line in a version from now on"
    yield json.dumps(said)
    yield json.dumps({name: one for name, one in version.items() if one})
    yield f"# aforo-metering configuration put metering.json --yes{ours.option}"
