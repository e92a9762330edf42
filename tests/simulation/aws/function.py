"""One Lambda function: processes that start cold, are used again when they are idle, and are
replaced by a deploy.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from tests.simulation.broken_promise import BrokenPromiseError
from tests.simulation.engine.lambda_module import LambdaModule
from tests.simulation.engine.process import Process, Raised
from tests.simulation.engine.world import World

COLD_SECONDS, WARM_SECONDS = (0.3, 2.0), (0.001, 0.02)
FRESH_SHARE = 0.02  # of invocations that get a new process though another is idle

# No handler means to raise one of these: it is a mistake of its own, or of the simulation.
NEVER_MEANT = (AttributeError, NameError, TypeError, LookupError, AssertionError, RuntimeError)

type Answered = Callable[[object], None]


@dataclass(frozen=True, slots=True)
class InvocationContext:
    """What Lambda says of an invocation."""

    process: Process
    aws_request_id: str
    function_name: str
    log_group_name: str
    invoked_function_arn: str

    def get_remaining_time_in_millis(self) -> int:
        return self.process.remaining_ms()


@dataclass(eq=False)
class Function:
    """`stop` names its processes. `handle` is the module's entry point; it may be replaced."""

    world: World
    stop: str
    module: LambdaModule
    seconds: float
    handle: Callable[[Any, Any], object] | None = None
    skew_seconds: float = 0.0  # of processes that start from now on, at most, to either side
    processes: list[Process] = field(default_factory=list)
    mourners: list[Callable[[], None]] = field(default_factory=list)  # called after each death
    invocations: int = 0
    _numbers: Iterator[int] = field(default_factory=count)
    _taken: set[Process] = field(default_factory=set)

    @property
    def arn(self) -> str:
        return f"arn:aws:lambda:eu-west-1:123456789012:function:{self.stop.replace(' ', '-')}"

    def call(self, event: object, done: Answered) -> None:
        """Begins soon. `done` gets what the handler returns, `Raised` or `Died`."""
        chance = self.world.chance(f"start of {self.stop}")
        process = self._idle()
        seconds = WARM_SECONDS if process else COLD_SECONDS
        process = process or self._start()
        self._taken.add(process)
        self.world.after(chance.uniform(*seconds), lambda: self._begin(process, event, done))

    def replace(self) -> None:
        """A deploy: who is at work ends its invocation, and is not used again."""
        self.processes.clear()
        self.world.tell(self.stop, "is deployed again: all of its processes are new")

    def _begin(self, process: Process, event: object, done: Answered) -> None:
        self.invocations += 1
        context = self._context(process)
        handle = self.handle or self.module.module.handler

        def over(answer: object) -> None:
            self._taken.discard(process)
            if not process.is_alive:
                self._bury(process)
            if isinstance(answer, Raised):
                self._tell(process, answer.error)
            done(answer)

        process.invoke(lambda: handle(event, context), self.seconds, over)

    def _bury(self, process: Process) -> None:
        if process in self.processes:
            self.processes.remove(process)
        for told in self.mourners:
            told()

    def _tell(self, process: Process, error: Exception) -> None:
        what = f"raises {type(error).__name__}: {error}"
        self.world.tell(process.name, what)
        if isinstance(error, NEVER_MEANT):
            raise BrokenPromiseError(f"{process.name} {what}") from error

    def _context(self, process: Process) -> InvocationContext:
        bits = self.world.chance(f"request ids of {self.stop}").getrandbits(128)
        text = f"{bits:032x}"
        request_id = "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))
        name = self.stop.replace(" ", "-")
        return InvocationContext(process, request_id, name, f"/aws/lambda/{name}", self.arn)

    def _idle(self) -> Process | None:
        chance = self.world.chance(f"process of {self.stop}")
        idle = [one for one in self.processes if one.is_alive and one not in self._taken]
        if not idle or chance.random() < FRESH_SHARE:
            return None
        return chance.choice(idle)

    def _start(self) -> Process:
        chance = self.world.chance(f"skew of {self.stop}")
        skew = chance.uniform(-self.skew_seconds, self.skew_seconds)
        process = Process(self.world, self.stop, f"{self.stop}-{next(self._numbers)}", skew)
        self.processes.append(process)
        return process
