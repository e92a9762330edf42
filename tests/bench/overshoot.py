"""How far beyond its limit a customer is served, beside how far it may be.

    python -m tests.bench.overshoot [trials] [first seed]

A trial with its seed is repeatable. Exit status 1: the bound was broken.
"""

import random
import sys
import time
from collections import Counter

from tests.fakes.overshoot_trial import Result, Trial
from tests.fakes.overshoot_world import draw_world

TRIALS = 100_000
# Below that a single call more or less is most of the ratio.
WORTH_A_RATIO = 10


def main(words: list[str]) -> int:
    trials = int(words[0]) if words else TRIALS
    first = int(words[1]) if len(words) > 1 else 0
    began = time.process_time()
    counts: Counter[str] = Counter()
    ratios = []
    for seed in range(first, first + trials):
        result = run(seed)
        counts.update(_kinds(result))
        if result.is_violation:
            print(f"seed {seed}: {result}")
        if result.served and result.bound >= WORTH_A_RATIO:
            ratios.append(result.overshoot / result.bound)
    ratios.sort()
    for name, count in counts.most_common():
        print(f"{name:<34}{count:>12,}")
    for name, share in (("median", 0.5), ("p99", 0.99), ("greatest", 1.0)):
        place = min(int(len(ratios) * share), len(ratios) - 1)
        print(f"overshoot / bound, {name:<15}{ratios[place]:>12.2f}")
    print(f"{trials:,} trials, {time.process_time() - began:.0f} s of CPU")
    return 1 if counts["violations"] else 0


def run(seed: int, *, is_blind: bool = False) -> Result:
    """One trial."""
    rng = random.Random(seed)
    return Trial(draw_world(rng), rng, is_blind=is_blind).run()


def _kinds(result: Result) -> Counter[str]:
    return Counter(
        {
            "requests served": result.served,
            "requests refused": result.refused,
            "trials with overshoot": int(result.overshoot > 0),
            "trials where none is possible": int(result.bound < 1),
            "violations": int(result.is_violation),
        }
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
