"""`python -m tests.template.reproducible`: the same sources give the same artifacts, byte for byte.

Each recipe is carried out once more, in another folder, and its artifact's digest compared with
that of `sam build`. SAM gives every file in its zip the date 1980, so the same artifact is not
uploaded again. Exit status 1 where a digest differs; the first files that do are named.
"""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.local.deploy import BUILD_DIRECTORY, architecture
from tests.local.endpoints import ROOT

# One of each recipe: the others are the same artifact under another name.
RECIPES = (
    "MeteringFunction",
    "ForwarderFunction",
    "ReconciliationFunction",
    "ReconciliationFetchFunction",
    "AuthorizerFunction",
    "AuditCountFunction",
    "ReplayStartFunction",
)
_SHOWN = 5


def main() -> int:
    with TemporaryDirectory(prefix="again-") as folder:
        same = [_is_same(name, Path(folder) / name) for name in RECIPES]
    return 0 if all(same) else 1


def digest(found: Mapping[str, str]) -> str:
    """SHA-256 over an artifact's files: names, whether each may be run, contents."""
    whole = sha256()
    for name, one in sorted(found.items()):
        whole.update(f"{name}\0{one}\n".encode())
    return whole.hexdigest()


def files(artifact: Path) -> dict[str, str]:
    """The digest of each file, by its name in the artifact."""
    return dict(_digests(artifact))


def _digests(artifact: Path) -> Iterator[tuple[str, str]]:
    for path in artifact.rglob("*"):
        if path.is_file():
            kind = "x" if os.access(path, os.X_OK) else "-"
            content = sha256(path.read_bytes()).hexdigest()
            yield path.relative_to(artifact).as_posix(), f"{kind}{content}"


def _is_same(name: str, again: Path) -> bool:
    environment = os.environ | {"ARTIFACTS_DIR": str(again), "ARCHITECTURE": architecture()}
    subprocess.run(["make", f"build-{name}"], cwd=ROOT, env=environment, check=True)
    first, second = files(BUILD_DIRECTORY / name), files(again)
    if first == second:
        print(f"  {name:<28} {digest(second)[:16]}  twice the same")
        return True
    others = sorted(one for one in first | second if first.get(one) != second.get(one))
    print(f"  {name:<28} differs: {', '.join(others[:_SHOWN])}, {len(others)} in all")
    return False


if __name__ == "__main__":
    sys.exit(main())
