"""`make model`: the protocol in its large worlds, with the number of states and the time."""

import sys
import time

from tests.model.exploring import explore
from tests.model.worlds import BROKEN, LARGE_WORLDS, SMALL_WORLDS


def main() -> int:
    """Exit status 0: no fault in the protocol, and one in every broken variant."""
    is_fine = True
    for name, world in {**SMALL_WORLDS, **LARGE_WORLDS, **BROKEN}.items():
        began = time.perf_counter()
        found = explore(world.start(), world.successors, world.fault_of)
        seconds = time.perf_counter() - began
        is_fine &= bool(found.fault) if name in BROKEN else found.is_complete
        said = f"caught: {found.fault}" if found.fault else "no fault"
        print(f"{name:<56} {found.states:>9,} states {seconds:6.1f} s  {said}")
    return 0 if is_fine else 1


if __name__ == "__main__":
    sys.exit(main())
