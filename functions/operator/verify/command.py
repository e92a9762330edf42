"""`python -m functions.operator.verify.command`: one request, followed hop by hop.

Answered, in the log, metered, queued, confirmed, in the ledger, counted: with the time at each.
Where it stops, the command says at which hop and what to check, and exits with 1 (2 when it could
not begin). It costs the customer one billed request.
"""

import argparse
import math
import sys
from collections.abc import Sequence
from pathlib import Path

from functions.operator.verify.following import Follower
from functions.operator.verify.hop import Hop, Stopped
from functions.operator.verify.target import (
    LOCAL_ENDPOINTS,
    Target,
    TargetError,
    local_target,
    stack_target,
)

WAIT_SECONDS = 240.0  # log delivery is "usually less than three minutes" (AWS, Subscriptions)


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        target = _target(options)
    except TargetError as error:
        print(f"verify: {error}", file=sys.stderr)
        return 2
    print(f"GET {target.url}")
    follower = Follower(target, wait_seconds=options.wait, meter=options.meter)
    try:
        for hop in follower.hops():
            _show(hop)
    except Stopped as stopped:
        print(f"  {stopped.hop:<14} --      stopped here: {stopped.reason}")
        print(f"\nCheck: {stopped.check}")
        return 1
    print(f"\nEvery hop was passed: billed once, as {follower.key}.")
    return 0


def _show(hop: Hop) -> None:
    print(f"  {hop.name:<14} {hop.seconds:7.2f} s  {hop.detail}", flush=True)


def _target(options: argparse.Namespace) -> Target:
    if options.stack:
        return stack_target(options.stack, options.api_url, options.stage, options.path)
    return local_target(options.endpoints, options.customer, options.stage, options.path)


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 <= seconds < math.inf:  # nan would wait for ever
        raise ValueError(text)
    return seconds


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="make verify",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="A deployed stack needs the customer's credential in VERIFY_AUTHORIZATION.",
    )
    add = parser.add_argument
    add("--stack", help="name of a deployed stack (default: the local cloud)")
    add("--api-url", help="with --stack: invoke URL of the metered stage (default: the demo API's)")
    add("--customer", help="local cloud: the demo customer to call as (default: the first)")
    add("--stage", help="the stage to call, instead of the one in the URL")
    add("--path", default="/pets", help="the path to call (default: /pets)")
    add("--meter", default="api_calls", help="the meter that counts it (default: api_calls)")
    add("--wait", type=_seconds, default=WAIT_SECONDS, help="seconds to wait in all (default: 240)")
    add("--endpoints", type=Path, default=LOCAL_ENDPOINTS, help="the local cloud's endpoints.json")
    return parser


if __name__ == "__main__":
    sys.exit(main())
