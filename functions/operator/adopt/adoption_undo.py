"""What applies of a stage did comes in, as their records have it; it is taken back, the last one
first.
"""

from collections.abc import Iterator, Sequence

from functions.operator.adopt.adoption_order import PHASES, AdoptionOrder, Phase
from functions.operator.adopt.adoption_record import AdoptionRecord
from functions.operator.adopt.carrying_out import LeftChange, TakingUp
from functions.operator.adopt.opened_adoption import OpenedAdoption
from functions.operator.adopt.told_words import say
from functions.operator.explain.terminal_text import printable


def take_back(
    opened: OpenedAdoption, order: AdoptionOrder, phase: Phase | None, taking_up: TakingUp
) -> int:
    """The exit status. `phase`: it, and all that came after it; None: the last one alone."""
    records = [*_chosen(opened, phase)]
    if not records:
        say(f"nothing to take back{f' of phase {phase} or later' if phase else ''}")
        return 0
    carrying_out = opened.carrying_out(opened.stack.as_it_is(), order.now_ms, taking_up)
    for record in records:
        say(f"taking back phase {record.phase} of {record.at}, by {record.by or 'nobody known'}")
        left = carrying_out.undo(record, deploys_pending=order.deploy_pending)
        if left:
            _tell_left(left, record)
            return 1
    say(f"what was there before {records[-1].at} stands again")
    return 0


def _chosen(opened: OpenedAdoption, phase: Phase | None) -> Iterator[AdoptionRecord]:
    for record in opened.records.newest_first():
        if not record.stands:
            continue
        if phase is not None and PHASES.index(record.phase) < PHASES.index(phase):
            continue
        yield record
        if phase is None:
            return


def _tell_left(left: Sequence[LeftChange], record: AdoptionRecord) -> None:
    for one in left:
        print(f"left as it is: {printable(one.change.name)}: {printable(one.why)}")
    print(f"what was there before is on record: {record.key}", flush=True)
    say("not all was taken back: put these right, and run it again")
