"""An opened adoption and what was asked come in; the plan is printed and, where --apply says so and
nothing stands in the way, made.
"""

import sys
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from functions.operator.adopt.adopted_stage import AdoptedStage, Maker
from functions.operator.adopt.adoption_order import AdoptingStack, AdoptionOrder
from functions.operator.adopt.adoption_plan import AdoptionPlan, plan_of_adoption
from functions.operator.adopt.adoption_record import (
    AdoptionRecord,
    ChangeState,
    RecordedChange,
    continued,
)
from functions.operator.adopt.carrying_out import TakingUp
from functions.operator.adopt.next_commands import after_apply, after_half_way, after_plan
from functions.operator.adopt.opened_adoption import OpenedAdoption
from functions.operator.adopt.plan_text import plan_lines
from functions.operator.adopt.planned_change import ChangeKind
from functions.operator.adopt.snippets.tool_snippet import snippet_lines
from functions.operator.adopt.stop_line import StopLine, stops_of_deployment
from functions.operator.adopt.told_words import say
from functions.operator.still_working import StillWorking
from functions.usage.moment import iso_from_epoch_ms


class ReadAdoption(NamedTuple):
    """What is, what was asked, and what is to be done. `record` is that of an apply that ended half
    way where there is one, with what it has left to do.
    """

    stage: AdoptedStage
    ours: AdoptingStack
    order: AdoptionOrder
    plan: AdoptionPlan
    record: AdoptionRecord

    @property
    def is_done(self) -> bool:
        return self.record.is_whole

    @property
    def is_of_a_tool(self) -> bool:
        return self.stage.made_by != "hand" and not self.order.is_of_hand


def look_and_apply(
    opened: OpenedAdoption, order: AdoptionOrder, maker: Maker | None, taking_up: TakingUp
) -> int:
    """The exit status."""
    with StillWorking("adopt", "reading the API"):
        found = read_adoption(opened, order, maker)
    _print(plan_lines(found.stage, found.ours, order, found.plan))
    if found.plan.stops:
        say(f"{len(found.plan.stops)} STOP: nothing was changed")
        return 1
    if found.is_done:
        say(f"nothing to change: phase {order.phase} is done")
        return 0
    if found.is_of_a_tool:
        _print(snippet_lines(found.stage, found.ours, found.plan))
        say(f"nothing was changed: {found.stage.made_by} does, or --even-so")
        return 1 if order.is_applied else 0
    if not order.is_applied:
        _print(after_plan(found.stage, found.ours, order))
        say("this was the plan: nothing was changed")
        return 0
    carrying_out = opened.carrying_out(found.ours, order.now_ms, taking_up)
    try:
        made = carrying_out.apply(found.record)
    except BaseException:  # whatever ended it, Ctrl-C too: the API stands half way
        say(f"it ended half way; on record in {found.record.key}")
        _print(after_half_way(found.stage, found.ours, order))
        raise
    say(f"done; on record in {made.key}")
    _print(after_apply(found.stage, found.ours, order))
    return 0


def read_adoption(
    opened: OpenedAdoption, order: AdoptionOrder, maker: Maker | None
) -> ReadAdoption:
    """Asks AWS, and changes nothing."""
    ours = opened.stack.as_it_is()
    stage = opened.stage_as_it_is(ours, maker)
    plan = plan_of_adoption(stage, ours, order)
    record = _record(opened, order, plan)
    due = [*_stops_of_due(stage, order, plan, record)]
    plan = plan._replace(stops=(*plan.stops, *due))
    return ReadAdoption(stage, ours, order, plan, record)


def _record(opened: OpenedAdoption, order: AdoptionOrder, plan: AdoptionPlan) -> AdoptionRecord:
    """That of the same phase which is not whole, with what is left; else a new one."""
    newest = next(opened.records.newest_first(), None)
    if newest and newest.phase == order.phase and newest.stands and not newest.is_whole:
        return continued(newest, plan.changes)
    at = iso_from_epoch_ms(order.now_ms)
    changes = tuple(RecordedChange(change, ChangeState.PLANNED) for change in plan.changes)
    key = opened.records.key_at(at.replace(":", "-"))
    return AdoptionRecord(
        key, order.phase, at, opened.put_by() if order.is_applied else None, changes
    )


def _stops_of_due(
    stage: AdoptedStage, order: AdoptionOrder, plan: AdoptionPlan, record: AdoptionRecord
) -> Iterator[StopLine]:
    """Of a deployment that only the record knows to be due."""
    is_planned = any(change.kind is ChangeKind.DEPLOYMENT for change in plan.changes)
    is_due = any(
        change.kind is ChangeKind.DEPLOYMENT and state is not ChangeState.DONE
        for change, state in record.changes
    )
    if is_due and not is_planned:
        yield from stops_of_deployment(stage, order)


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        print(line)
    sys.stdout.flush()
