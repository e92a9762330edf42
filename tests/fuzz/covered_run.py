"""One target under atheris: `.venv-fuzz/bin/python -m tests.fuzz.covered_run TARGET FOLDER ...`.

The product is instrumented as it is imported, so this module imports nothing of it by itself.
"""

import importlib
import logging
import random
import sys

import atheris

_JSON_SHARE = 0.6


def main() -> None:
    """Runs until libFuzzer's options, which follow the target's name, say that it is enough."""
    _, name, *options = sys.argv
    logging.disable(logging.CRITICAL)
    with atheris.instrument_imports(include=["functions"], enable_loader_override=False):
        targets = importlib.import_module("tests.fuzz.all_targets").TARGETS
    mutated = importlib.import_module("tests.fuzz.json_mutation").mutated
    target = targets[name]

    def mutate(data: bytes, most: int, seed: int) -> bytes:
        draw = random.Random(seed)
        if draw.random() < _JSON_SHARE:
            found: bytes | None = mutated(data, target.words, draw)
            if found is not None and len(found) <= most:
                return found
        return bytes(atheris.Mutate(data, most))

    atheris.Setup([sys.argv[0], *options], target.check, custom_mutator=mutate)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
