"""`python -m tests.template.artifacts`: every built artifact starts alone.

Imports each handler in a fresh interpreter that sees nothing but its artifact, so that a dependency
missing from a group fails here and not in production; none holds the operator's command line.
boto3 comes with the Lambda runtime and is stood in for by this environment's, with what it needs
and nothing else, for those alone that may use it.
"""

import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import boto3

from tests.local.deploy import BUILD_DIRECTORY
from tests.template.stack import functions

# Zip and unzip limits are far away; what a cold start reads is not.
MOST_MEGABYTES = 40
WITHOUT_BOTO3 = frozenset({"AuthorizerFunction"})
# boto3 and what it requires, by the names under which they are installed. The rest of this
# environment would hide what an artifact lacks, and httpx would import the rich that it finds.
_OF_THE_RUNTIME = ("boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six.py", "urllib3")


def main() -> int:
    failed = [name for name, function in functions().items() if not _starts(name, function)]
    return 1 if failed else 0


def import_paths(name: str) -> list[str]:
    """What the function of that name sees: its artifact and, if it may, the runtime's boto3."""
    artifact = str(BUILD_DIRECTORY / name)
    return [artifact] if name in WITHOUT_BOTO3 else [artifact, runtime_libraries()]


@cache
def runtime_libraries() -> str:
    """A folder of what the Lambda runtime has of its own, as links into this environment."""
    folder, environment = BUILD_DIRECTORY.parent / "runtime", Path(boto3.__file__).parents[1]
    folder.mkdir(parents=True, exist_ok=True)
    for name in _OF_THE_RUNTIME:
        link, target = folder / name, environment / name
        if not link.exists():
            link.unlink(missing_ok=True)  # into an environment that is gone
            link.symlink_to(target)
    return str(folder)


def alone(paths: Sequence[str], code: str) -> list[str]:
    """The words of a fresh interpreter that sees nothing but these paths."""
    program = f"import sys; sys.path[:0] = {list(paths)!r}; {code}"
    return [sys.executable, "-I", "-S", "-c", program]


def _starts(name: str, function: dict[str, dict[str, str]]) -> bool:
    artifact = BUILD_DIRECTORY / name
    module, _, attribute = function["Properties"]["Handler"].rpartition(".")
    code = (
        "import importlib, sys; "
        f"sys.exit(not callable(getattr(importlib.import_module({module!r}), {attribute!r})))"
    )
    words = alone(import_paths(name), code)
    found = subprocess.run(words, capture_output=True, text=True, check=False)
    strays = _of_the_operator(artifact)
    size = sum(file.stat().st_size for file in artifact.rglob("*") if file.is_file()) / 1e6
    is_small = size <= MOST_MEGABYTES and _has_bytecode(artifact)
    fine = found.returncode == 0 and is_small and not strays
    print(f"  {name:<26} {size:5.1f} MB  {'imports alone' if fine else 'FAILS'}")
    if not fine:
        fault = f"over {MOST_MEGABYTES} MB, or without bytecode, or it holds {strays}"
        print(found.stderr or fault, file=sys.stderr)
    return fine


def _of_the_operator(artifact: Path) -> list[str]:
    """A person's tools do not run in Lambda, nor does the library of their command line."""
    folders = (artifact / "functions" / "operator", artifact / "cyclopts")
    return [str(folder.relative_to(artifact)) for folder in folders if folder.exists()]


def _has_bytecode(artifact: Path) -> bool:
    return any((artifact / "functions" / "usage" / "__pycache__").glob("*.pyc"))


if __name__ == "__main__":
    sys.exit(main())
