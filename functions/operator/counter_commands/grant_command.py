"""`aforo-metering counters grant`: how much of a meter a customer may use, and how fast."""

from typing import Annotated, Literal

from cyclopts import Parameter

from functions.operator.counter_commands.customer_change import UNSAID, Meant, change_customer
from functions.operator.counter_commands.instants import moment_ms
from functions.operator.counter_commands.sending import (
    FIND,
    Customer,
    Finder,
    VersionOption,
    versioned,
)
from functions.operator.deployment.place import HERE, Place
from functions.operator.plain_option import WHOLE
from functions.reconciliation.commands import USUAL_LAG_SECONDS


def grant(
    *,
    customer: Customer,
    limit: Annotated[int, WHOLE, Parameter(help="units in a period, in all")],
    rate: Annotated[float, Parameter(help="requests per second")],
    burst: Annotated[int, WHOLE, Parameter(help="requests at once")],
    meter: Annotated[str, Parameter(help="the meter")] = "api_calls",
    period: Annotated[
        Literal["month", "day", "hour"] | None, Parameter(help="when the count begins again (UTC)")
    ] = None,
    anchor_day: Annotated[
        int | None, WHOLE, Parameter(help="day on which a month begins (UTC)")
    ] = None,
    start: Annotated[
        str | None, Parameter(help="instead of a period: ISO time of a full hour")
    ] = None,
    end: Annotated[str | None, Parameter(help="with --start")] = None,
    lag_seconds: Annotated[
        float, Parameter(help="from a call to the counter, until it is measured")
    ] = USUAL_LAG_SECONDS,
    when_unknown: Annotated[
        Literal["allow", "deny"] | None, Parameter(help="the plan's policy when counters are away")
    ] = None,
    version: VersionOption = None,
    meant: Meant = UNSAID,
    place: Place = HERE,
    find: Finder = FIND,
) -> int:
    """Absolute: the limit in all, not more of it."""
    fields = {
        "kind": "grant",
        "customerId": customer,
        "meter": meter,
        "limit": limit,
        "period": period,
        "anchorDay": anchor_day,
        "startMs": moment_ms("--start", start),
        "endMs": moment_ms("--end", end),
        "ratePerSecond": rate,
        "burst": burst,
        "lagSeconds": lag_seconds,
        "allowWhenUnknown": {"allow": True, "deny": False, None: None}[when_unknown],
        "version": versioned(version),
    }
    return change_customer(fields, place, find, meant)
