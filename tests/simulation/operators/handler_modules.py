"""The handlers of replay and audit, as a run's processes share them: each wires itself, with the
run's clients in the place of boto3's.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from unittest.mock import patch

import functions.audit.assembly
import functions.audit.count
import functions.audit.step
import functions.replay.quarantine_round
import functions.replay.queue_round
import functions.replay.report
import functions.replay.start
from tests.simulation.engine.lambda_module import LambdaModule
from tests.simulation.engine.process import current_process

# What each handler is, by its stop's name.
HANDLERS = {
    "replay start": functions.replay.start,
    "replay queue round": functions.replay.queue_round,
    "replay quarantine round": functions.replay.quarantine_round,
    "replay report": functions.replay.report,
    "audit count": functions.audit.count,
    "audit step": functions.audit.step,
}
# As template.yaml has their timeouts.
SECONDS = {
    "replay start": 300,
    "replay queue round": 120,
    "replay quarantine round": 300,
    "replay report": 300,
    "audit count": 900,
    "audit step": 900,
}


def handler_modules(environment: Mapping[str, str]) -> dict[str, LambdaModule]:
    """By stop. Each reads what it wants of the environment."""
    return {stop: LambdaModule(module, environment) for stop, module in HANDLERS.items()}


@contextmanager
def with_clients(named: Mapping[str, object]) -> Iterator[None]:
    """While a run lasts, `sqs_client` and the like are the run's in all modules that ask for them:
    one client serves all processes.
    """
    with ExitStack() as patches:
        for module in (*HANDLERS.values(), functions.audit.assembly):
            for name, stands_in in named.items():
                if hasattr(module, name):
                    patches.enter_context(patch.object(module, name, stands_in))
        probe = _of_process(functions.replay.queue_round._probe.__wrapped__)
        patches.enter_context(patch.object(functions.replay.queue_round, "_probe", probe))
        yield


def _of_process(make: Callable[[], object]) -> Callable[[], object]:
    """Made once for each process, which is what `functools.cache` means on Lambda."""

    def made() -> object:
        process = current_process()
        if process is None:
            raise RuntimeError("asked for by no process")
        if "probe" not in process.wired:
            process.wired["probe"] = make()
        return process.wired["probe"]

    return made
