"""What modules of replay and audit took from Python when they were imported: a sleep, a clock, a
pool of threads. While a run lasts they have the run's.
"""

import random
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import functions.audit.assembly
import functions.replay.waiting_messages
from functions.audit.comparison.road import Road
from functions.audit.log.log_pace import LogPace
from functions.audit.repair.metering_again import MeteringAgain
from functions.audit.repair.settlement import SentRequests
from functions.audit.repair.time_left import TimeLeft
from functions.audit.repair.window_repair import WindowRepair
from functions.replay.log_lines import LogLines
from tests.simulation.at_once import AtOnce
from tests.simulation.engine.process import current_process

_SLEEP, _MONOTONIC = time.sleep, time.monotonic
WITH_DEFAULTS = (Road, LogPace, MeteringAgain, SentRequests, TimeLeft, WindowRepair, LogLines)
WITH_THREADS = (functions.replay.waiting_messages,)


def sleep_of_process(seconds: float) -> None:
    """By whoever is at work."""
    process = current_process()
    if process is None:
        raise RuntimeError("nobody is at work who could sleep")
    process.sleep(seconds)


def clock_of_run() -> float:
    """As `time.monotonic` is now, and not when a module was imported."""
    return time.monotonic()


@contextmanager
def own_time() -> Iterator[None]:
    """For the modules named above; an engine's clock that was set before is theirs, too."""
    with ExitStack() as patches:
        for module in WITH_THREADS:
            patches.enter_context(patch.object(module, "ThreadPoolExecutor", AtOnce))
        drawn = SimpleNamespace(random=chance_of_process)
        patches.enter_context(patch.object(functions.audit.assembly, "random", drawn))
        for kind in WITH_DEFAULTS:
            made: Any = kind.__init__
            defaults, by_name = made.__defaults__ or (), made.__kwdefaults__ or {}
            patches.enter_context(patch.object(made, "__defaults__", tuple(map(_ours, defaults))))
            named = {name: _ours(one) for name, one in by_name.items()}
            patches.enter_context(patch.object(made, "__kwdefaults__", named))
        yield


def _ours(default: object) -> object:
    if default is _SLEEP:
        return sleep_of_process
    if default is _MONOTONIC:
        return clock_of_run
    return default


def chance_of_process() -> float:
    """As `random.random`, drawn from the run's seed."""
    process = current_process()
    if process is None:
        return random.random()
    return process.world.chance(f"jitter of {process.stop}").random()
