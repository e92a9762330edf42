"""`python -m tests.template.sbom FILE`: what uv says is locked against what the artifacts hold.

Comes in: uv's CycloneDX export. Leaves: the same file with each package's licence, without what
differs from one export to the next (time, serial number), and exit status 1 where an artifact holds
a package or a version that the file does not name, or the file one that none holds.
"""

import json
import sys
from collections.abc import Mapping
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any

from tests.local.deploy import BUILD_DIRECTORY

type Package = tuple[str, str]


def main() -> int:
    place = Path(sys.argv[1])
    bill = json.loads(place.read_text())
    held = packages_in(BUILD_DIRECTORY)
    faults = differences(bill, held)
    place.write_text(json.dumps(with_licences(bill, held), indent=1, sort_keys=True) + "\n")
    for fault in faults:
        print(f"  {fault}", file=sys.stderr)
    print(f"  {place}: {len(held)} packages, {'as built' if not faults else 'FAILS'}")
    return 1 if faults else 0


def packages_in(folder: Path) -> dict[Package, str]:
    """Name and version of every package in the artifacts, with its licence."""
    artifacts = [str(one) for one in folder.iterdir() if one.is_dir()]
    return {(_name(one), one.version): _licence(one) for one in distributions(path=artifacts)}


def differences(bill: Mapping[str, Any], held: Mapping[Package, str]) -> list[str]:
    """One line for each package that only one side has."""
    told = {(one["name"], one["version"]) for one in bill["components"]}
    lacks = [f"{' '.join(one)}: in an artifact, not in the file" for one in held.keys() - told]
    extra = [f"{' '.join(one)}: in the file, in no artifact" for one in told - held.keys()]
    return sorted(lacks + extra)


def with_licences(bill: Mapping[str, Any], held: Mapping[Package, str]) -> dict[str, Any]:
    """The bill, the same for the same lock."""
    components = [
        one | {"licenses": [{"license": {"name": held[found]}}]}
        if (found := (one["name"], one["version"])) in held
        else one
        for one in bill["components"]
    ]
    metadata = {name: one for name, one in bill["metadata"].items() if name != "timestamp"}
    kept = {name: one for name, one in bill.items() if name != "serialNumber"}
    return kept | {"metadata": metadata, "components": components}


def _name(one: Distribution) -> str:
    return str(one.metadata["Name"]).lower().replace("_", "-").replace(".", "-")


def _licence(one: Distribution) -> str:
    said = one.metadata.get("License-Expression") or one.metadata.get("License") or ""
    classified = [
        line.rpartition(" :: ")[2]
        for line in one.metadata.get_all("Classifier") or []
        if line.startswith("License :: ")
    ]
    return said.splitlines()[0] if said else ", ".join(classified) or "not said"


if __name__ == "__main__":
    sys.exit(main())
