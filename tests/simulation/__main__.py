"""`python -m tests.simulation --seed 7 --story` runs one seed, `--seeds 500 --jobs 2` many."""

from tests.simulation.command import main

main()
