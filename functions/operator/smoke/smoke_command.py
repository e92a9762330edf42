"""`aforo-metering smoke`: what only a deployed stack can show, tried and told in one table.

Each claim is one that the documentation lists as not verified. Whatever a claim changes it puts
back. Exit status 0: nothing that was tried failed; 1: something did not hold; 2: not begun.
"""

import sys
import time
from typing import Annotated

from cyclopts import Parameter

from functions.operator.deployment.place import HERE, Place
from functions.operator.plain_option import PLAIN
from functions.operator.rows import RowFormat, write_rows

COLUMNS = ("claim", "verdict", "seen", "text")


def smoke(
    *,
    only: Annotated[
        list[str], PLAIN, Parameter(help="one claim, by its name; may be repeated")
    ] = [],  # noqa: B006 - read only
    patience: Annotated[float, Parameter(help="stretches every wait: 2 waits twice as long")] = 1.0,
    delete_stack: Annotated[
        bool, PLAIN, Parameter(help="last of all, delete the stack, and see what stays")
    ] = False,
    format_: Annotated[
        RowFormat, Parameter(name="--format", help="how the outcomes are printed")
    ] = "table",
    place: Place = HERE,
) -> int:
    """It takes 30 minutes at most, and costs less than a dollar."""
    # httpx and boto3 take a second to import.
    from functions.operator.smoke.all_claims import chosen, tried  # noqa: PLC0415
    from functions.operator.smoke.subject import find_subject  # noqa: PLC0415

    claims = chosen(only)
    subject = find_subject(place, patience, may_delete=delete_stack)
    begun, outcomes = time.monotonic(), []
    for number, claim in enumerate(claims, 1):
        sys.stderr.write(f"smoke: {number} of {len(claims)}: {claim.name} ...\n")
        outcomes.append(tried(claim, subject))
        sys.stderr.write(f"smoke: {claim.name}: {outcomes[-1].verdict}\n")
    write_rows(COLUMNS, [one._asdict() for one in outcomes], sys.stdout, format_)
    failed = [one.claim for one in outcomes if one.verdict == "did not hold"]
    minutes = (time.monotonic() - begun) / 60
    sys.stderr.write(f"smoke: {len(failed)} did not hold, in {minutes:.1f} minutes\n")
    return 1 if failed else 0
