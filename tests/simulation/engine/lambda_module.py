"""A handler's module, as the processes of a run share it: each has what the module wires once per
process, made by the module itself, of the run's clients.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any
from unittest.mock import patch

from tests.simulation.engine.process import Process, current_process


@dataclass
class LambdaModule:
    """`environment` are the function's variables. `names` stand for names of the module while it
    wires: `s3_client` and the like, and classes that would take a clock or a sleep as a default.
    Each is called with the process: `{"s3_client": lambda process: lambda: client}`.
    """

    module: ModuleType
    environment: Mapping[str, str]
    names: Mapping[str, Callable[[Process], object]] = field(default_factory=dict)
    wire: Callable[[], object] = field(init=False)

    def __post_init__(self) -> None:
        found: Any = self.module
        self.wire = found._wired.__wrapped__

    @contextmanager
    def installed(self) -> Iterator[None]:
        """While a run lasts, the module finds what its process has wired."""
        with patch.object(self.module, "_wired", self._of_process):
            yield

    def _of_process(self) -> object:
        process = current_process()
        if process is None:
            raise RuntimeError(f"{self.module.__name__} was called by no process")
        name = self.module.__name__
        if name not in process.wired:
            process.wired[name] = self._wired_for(process)
        return process.wired[name]

    def _wired_for(self, process: Process) -> object:
        made = {name: make(process) for name, make in self.names.items()}
        with patch.dict(os.environ, self.environment, clear=True), _named(self.module, made):
            return self.wire()


@contextmanager
def _named(module: ModuleType, names: Mapping[str, object]) -> Iterator[None]:
    """A name that the module does not have is an error: it was renamed."""
    with ExitStack() as patches:
        for name, stands_in in names.items():
            patches.enter_context(patch.object(module, name, stands_in))
        yield
