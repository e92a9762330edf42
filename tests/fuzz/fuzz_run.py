"""A target and a number of seconds come in; what libFuzzer did leaves: executions, branches, new
inputs, and the input that broke a promise, if one did.
"""

import hashlib
import re
import subprocess
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz.kept_corpus import MOST_BYTES, kept_inputs
from tests.fuzz.target import Target
from tests.local.endpoints import ROOT

PYTHON = ROOT / ".venv-fuzz" / "bin" / "python"
FINDINGS = ROOT / ".fuzz"
# No input of 4 KB takes a tenth of it, instrumented, on a machine that does nothing else.
SLOW_SECONDS = 30
MEMORY_MB = 2048
# What a run may take beyond its time: imports, and the kept inputs once.
_STARTING_SECONDS = 300
_COVERAGE = re.compile(r"cov: (\d+) ")
_EXECUTIONS = re.compile(r"stat::number_of_executed_units:\s*(\d+)|^#(\d+)\s", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class FuzzRun:
    """`first` and `last` are the edges covered at the beginning and at the end."""

    target: str
    seconds: float
    executions: int
    first: int
    last: int
    inputs: tuple[bytes, ...]  # all that cover something, the kept ones among them
    finding: Path | None
    said: str

    @property
    def reason(self) -> str:
        """The promise that was broken, in a line."""
        told = re.findall(r"Uncaught Python exception: ===\n(.+)", self.said)
        slow = re.findall(r"ERROR: libFuzzer: (.*)", self.said)
        reasons: list[str] = [*told, *slow, "libFuzzer stopped"]
        return reasons[0][:400]


def fuzz(target: Target, seconds: int) -> FuzzRun:
    """Begins with the seeds and what is kept."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        corpus, findings, words = place / "corpus", place / "findings", place / "words"
        corpus.mkdir()
        findings.mkdir()
        _lay_out(corpus, [*target.seeds(), *kept_inputs(target.name)])
        words.write_text("".join(f'"{_escaped(word)}"\n' for word in target.words))
        began = time.monotonic()
        said = _said(target.name, seconds, corpus, findings, words)
        found = sorted(findings.iterdir())
        return FuzzRun(
            target=target.name,
            seconds=time.monotonic() - began,
            executions=_most(_EXECUTIONS, said),
            first=int((_COVERAGE.findall(said) or ["0"])[0]),
            last=_most(_COVERAGE, said),
            inputs=tuple(one.read_bytes() for one in sorted(corpus.iterdir())),
            finding=_kept_finding(target.name, found[0].read_bytes()) if found else None,
            said=said,
        )


def _said(name: str, seconds: int, corpus: Path, findings: Path, words: Path) -> str:
    options = [
        f"-max_total_time={seconds}",
        f"-max_len={MOST_BYTES}",
        f"-timeout={SLOW_SECONDS}",
        f"-rss_limit_mb={MEMORY_MB}",
        f"-artifact_prefix={findings}/",
        f"-dict={words}",
        "-print_final_stats=1",
        "-reload=0",
    ]
    done = subprocess.run(
        [PYTHON, "-m", "tests.fuzz.covered_run", name, *options, corpus],
        cwd=ROOT,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        timeout=seconds + _STARTING_SECONDS,
    )
    if done.returncode and not any(findings.iterdir()):
        raise RuntimeError(f"{name} did not run:\n{(done.stdout + done.stderr)[-4000:]}")
    return done.stdout + done.stderr


def _lay_out(corpus: Path, inputs: Iterable[bytes]) -> None:
    for data in inputs:  # libFuzzer cuts what is longer
        (corpus / hashlib.sha256(data).hexdigest()).write_bytes(data)


def _escaped(word: str) -> str:
    """As libFuzzer's dictionaries have it."""
    plain = {'"', "\\"}
    return "".join(
        chr(one) if 0x20 <= one < 0x7F and chr(one) not in plain else f"\\x{one:02X}"
        for one in word.encode()
    )


def _most(form: re.Pattern[str], said: str) -> int:
    numbers = [int(one) for found in form.finditer(said) for one in found.groups() if one]
    return max(numbers, default=0)


def _kept_finding(target: str, data: bytes) -> Path:
    FINDINGS.mkdir(exist_ok=True)
    place = FINDINGS / f"{target}-{hashlib.sha256(data).hexdigest()[:12]}"
    place.write_bytes(data)
    return place
