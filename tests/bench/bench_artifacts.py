"""How a cold start begins: what importing each handler from its built artifact takes, and how large
the artifact's zip is: `make build-local`, then `python -m tests.bench.bench_artifacts`.

CPU of a fresh interpreter that sees its artifact and what the Lambda runtime has, bytecode present.
Where nothing was built, the checkout stands for the artifact, and the case says so.
"""

import os
import resource
import subprocess
import sysconfig
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tests.bench.alone import run_alone
from tests.bench.figure import Figure, Spread, figures_of
from tests.bench.peers.peer import AFORO, NODE
from tests.bench.rounds import Scale, Work, in_turns
from tests.local.deploy import BUILD_DIRECTORY
from tests.local.endpoints import ROOT
from tests.template.artifacts import alone, import_paths, runtime_libraries
from tests.template.reproducible import RECIPES
from tests.template.stack import functions

STAGE, UNIT = "cold import", "ms of CPU"
ZIP_STAGE = "zip of the artifact"
ROUNDS = 7
BARE = "bare interpreter"


def figures(scale: Scale) -> Iterator[Figure]:
    works = {
        BARE: _python([], "pass"),
        "boto3 alone": _python([runtime_libraries()], "import boto3"),
    }
    # Each artifact that differs has a handler that somebody waits for.
    names = RECIPES[:1] if scale.is_small else RECIPES
    for name in names:
        module = functions()[name]["Properties"]["Handler"].rpartition(".")[0]
        is_built = (BUILD_DIRECTORY / name).exists()
        paths = import_paths(name) if is_built else [str(ROOT), sysconfig.get_path("purelib")]
        case = name if is_built else f"{name}, from the checkout"
        works[case] = _python(paths, f"import {module}")
    rounds = in_turns({**works, **_peer()}, scale, ROUNDS)
    yield from figures_of(STAGE, 1, UNIT, rounds, BARE)
    for name in names:
        if (BUILD_DIRECTORY / name).exists():
            size = Spread.exactly(_zipped(BUILD_DIRECTORY / name) / 1e6)
            yield Figure(ZIP_STAGE, name, 1, "MB", size)


def _python(paths: Sequence[str], statement: str) -> Work:
    return _spent(alone(paths, statement), {})


def _peer() -> Mapping[str, Work]:
    """Aforo's Lambda, and the interpreter that it runs in."""
    if not (script := os.environ.get("AFORO_JS")):
        return {}
    node = str(NODE)
    return {
        "bare node": _spent([node, "-e", "0"], {}),
        AFORO: _spent([node, "-e", f"require({str(Path(script).resolve())!r})"], {}),
    }


def _spent(words: Sequence[str], environment: Mapping[str, str]) -> Work:
    def work() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(words, check=True, env=environment, stdout=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return 1e3 * (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)

    return work


def _zipped(artifact: Path) -> int:
    """Bytes, as `sam package` would zip it."""
    with tempfile.TemporaryFile() as target:
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(artifact.rglob("*")):
                archive.write(path, path.relative_to(artifact))
        return target.tell()


if __name__ == "__main__":
    run_alone(figures, __doc__)
