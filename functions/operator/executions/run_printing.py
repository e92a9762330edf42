"""What the commands of every state machine print alike: one that was started, stopped, or left
while it runs; the last ones.
"""

import sys
from collections.abc import Iterable, Iterator

from functions.operator.deployment.place import Place
from functions.operator.executions.machine_runs import MachineRuns, name_of
from functions.operator.rows import RowFormat, write_rows


def told_start(runs: MachineRuns, name: str, text: str) -> str:
    """The ARN of the execution that it started."""
    arn = runs.start(name, text)
    sys.stderr.write(f"started {arn}\n")
    return arn


def watched(runs: MachineRuns, arn: str, lines: Iterable[str], place: Place) -> bool:
    """Writes the lines as they come. False: the person has left it to itself."""
    try:
        for line in lines:
            sys.stderr.write(f"  {line}\n")
            sys.stderr.flush()
    except KeyboardInterrupt:
        follow, stop = _commands(runs, arn, place)
        sys.stderr.write(f"it goes on by itself; `{follow}` watches it again, `{stop}` ends it\n")
        return False
    return True


def stop_run(runs: MachineRuns, run: str, why: str) -> int:
    before, after = runs.stop(runs.arn_of(run), why)
    print(f"{run}: {before} -> {after}")
    return 0


def list_runs(runs: MachineRuns, last: int, form: RowFormat) -> int:
    columns = (runs.kind.id_column, "status", "startedAt", "endedAt")
    rows = list(runs.rows(last))
    write_rows(columns, rows, sys.stdout, form)
    if not rows:
        command = runs.kind.command
        none = f"{runs.machine} has no run: `aforo-metering {command} start` starts one"
        sys.stderr.write(f"{command} list: {none}\n")
    return 0


def _commands(runs: MachineRuns, arn: str, place: Place) -> Iterator[str]:
    stack = f" --stack {place.stack}" if place.stack else ""
    for word in ("follow", "stop"):
        yield f"aforo-metering {runs.kind.command} {word} {name_of(arn)}{stack}"
