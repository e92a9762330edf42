"""`aforo-metering verify`: one request, followed hop by hop.

Answered, in the log, metered, queued, confirmed, in the ledger, counted: with the time at each.
Where it stops, the command says at which hop and what to check, and exits with 1 (2 when it could
not begin). It costs the customer one billed request.
"""

import math
import sys
from typing import Annotated

from cyclopts import Parameter

from functions.operator.deployment.place import HERE, Place
from functions.operator.still_working import StillWorking
from functions.operator.verify.hop import Hop, Stopped, Telling
from functions.operator.verify.target import Target, local_target, stack_target

WAIT_SECONDS = 240.0  # log delivery is "usually less than three minutes" (AWS, Subscriptions)


def _finite(_kind: object, seconds: float) -> None:
    if not 0 <= seconds < math.inf:  # nan would wait for ever
        raise ValueError(f"{seconds}: give a number of seconds, 0 or more")


def verify(
    *,
    customer: Annotated[
        str | None, Parameter(help="local cloud: the demo customer to call as; else the first")
    ] = None,
    path: Annotated[str, Parameter(help="the path to call")] = "/pets",
    stage: Annotated[
        str | None, Parameter(help="the stage to call, instead of the one in the URL")
    ] = None,
    api_url: Annotated[
        str | None, Parameter(help="with --stack: invoke URL of the metered stage; else the demo's")
    ] = None,
    meter: Annotated[str, Parameter(help="the meter that counts it")] = "api_calls",
    wait: Annotated[
        float, Parameter(help="seconds to wait in all", validator=_finite)
    ] = WAIT_SECONDS,
    place: Place = HERE,
) -> int:
    """Call the API once and follow the request."""
    # httpx and boto3 take a second to import.
    from functions.operator.verify.following import Follower  # noqa: PLC0415

    target = _target(place, customer, api_url, stage, path)
    print(f"GET {target.url}", flush=True)
    _say(f"with {target.credential}")
    try:
        with StillWorking("verify", "waiting for the API's answer") as working:

            def doing(text: str) -> None:
                working.doing = text

            telling = Telling(_say, doing)
            follower = Follower(target, wait_seconds=wait, meter=meter, telling=telling)
            for hop in follower.hops():
                _show(hop)
    except Stopped as stopped:
        print(f"  {stopped.hop:<14} --      stopped here: {stopped.reason}")
        print(f"\nCheck: {stopped.check}")
        return 1
    print(f"\nEvery hop was passed: billed once, as {follower.key}.")
    return 0


def _say(text: str) -> None:
    sys.stderr.write(f"verify: {text}\n")
    sys.stderr.flush()


def _show(hop: Hop) -> None:
    print(f"  {hop.name:<14} {hop.seconds:7.2f} s  {hop.detail}", flush=True)


def _target(
    place: Place, customer: str | None, api_url: str | None, stage: str | None, path: str
) -> Target:
    if place.stack:
        return stack_target(place.stack, api_url, stage, path, customer)
    return local_target(place.endpoints, customer, stage, path)
