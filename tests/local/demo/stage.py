"""What the demo says while it runs, and how it waits: always with a limit, never in silence."""

import sys
import time
from collections.abc import Callable
from typing import Self

from rich.console import Console

POLL_SECONDS = 0.25
# On a terminal the line renews itself; in a log file a new line now and then is enough.
LOG_LINE_SECONDS = 5.0


class DemoError(RuntimeError):
    """The walk did not do what it must; the message says where it stood still."""


class Stage:
    """A console with a clock that starts with the demo."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(highlight=False, soft_wrap=not sys.stdout.isatty())
        self._began = time.monotonic()

    def seconds(self) -> float:
        return time.monotonic() - self._began

    def act(self, title: str) -> None:
        """A new part of the story."""
        self.console.print(f"\n[bold]{title}[/bold]  [dim]{self.seconds():.0f} s[/dim]")

    def say(self, text: str) -> None:
        self.console.print(f"  {text}")

    def wait(self, what: str, look: Callable[[], tuple[bool, str]], limit_seconds: float) -> None:
        """Look again and again until it is there, showing what is seen. DemoError at the limit."""
        deadline = time.monotonic() + limit_seconds
        with Progress(self, what) as progress:
            while True:
                there, seen = look()
                progress.show(seen)
                if there:
                    break
                if time.monotonic() > deadline:
                    message = f"{what}: not after {limit_seconds:.0f} s; last seen: {seen}"
                    raise DemoError(message)
                time.sleep(POLL_SECONDS)
        self.say(f"{what}: {seen}")


class Progress:
    """One line that says how far something is; gone when it is done."""

    def __init__(self, stage: Stage, what: str) -> None:
        self._stage = stage
        self._what = what
        self._status = stage.console.status(what) if stage.console.is_terminal else None
        self._said = time.monotonic()

    def __enter__(self) -> Self:
        if self._status:
            self._status.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._status:
            self._status.stop()

    def show(self, seen: str) -> None:
        text = f"{self._what}: {seen}"
        if self._status:
            self._status.update(text)
        elif time.monotonic() - self._said > LOG_LINE_SECONDS:
            self._said = time.monotonic()
            self._stage.say(f"... {text}")
