"""`aforo-metering counters open | suspend | resume | close | shadow | enforce | usage-plan
| show`.
"""

from typing import Annotated

from cyclopts import Parameter
from pydantic import ValidationError

from functions.operator.counter_commands.sending import (
    FIND,
    Customer,
    Finder,
    VersionOption,
    send,
    versioned,
)
from functions.operator.deployment.place import HERE, Place
from functions.operator.plain_option import PLAIN
from functions.reconciliation.inbox import faults_of
from functions.reconciliation.inspection import Inspection
from functions.usage.errors import Permanent


def open_counters(
    *, version: VersionOption = None, place: Place = HERE, find: Finder = FIND
) -> int:
    """Every decision is UNKNOWN before it."""
    return send({"kind": "open", "version": versioned(version)}, place, find)


def suspend(
    *, customer: Customer, version: VersionOption = None, place: Place = HERE, find: Finder = FIND
) -> int:
    """Its calls are refused until it is resumed."""
    return send(_status(customer, "suspended", version), place, find)


def resume(
    *, customer: Customer, version: VersionOption = None, place: Place = HERE, find: Finder = FIND
) -> int:
    """Its calls are decided by its quota again."""
    return send(_status(customer, "active", version), place, find)


def close(
    *, customer: Customer, version: VersionOption = None, place: Place = HERE, find: Finder = FIND
) -> int:
    """Its calls are refused."""
    return send(_status(customer, "closed", version), place, find)


def _status(customer: str, status: str, version: int | None) -> dict[str, object]:
    return {
        "kind": "status",
        "customerId": customer,
        "status": status,
        "version": versioned(version),
    }


def shadow(
    *, customer: Customer, version: VersionOption = None, place: Place = HERE, find: Finder = FIND
) -> int:
    """Its calls are decided, told of where they would be refused, and all let pass."""
    return send(_mode(customer, "shadow", version), place, find)


def enforce(
    *,
    customer: Customer,
    as_deployed: Annotated[
        bool, PLAIN, Parameter(help="no mode of its own any more: as its stage or the stack has it")
    ] = False,
    version: VersionOption = None,
    place: Place = HERE,
    find: Finder = FIND,
) -> int:
    """Its calls are refused where its quota says so, in a stack in shadow too."""
    return send(_mode(customer, None if as_deployed else "enforce", version), place, find)


def _mode(customer: str, mode: str | None, version: int | None) -> dict[str, object]:
    return {"kind": "mode", "customerId": customer, "mode": mode, "version": versioned(version)}


def usage_plan(
    *,
    customer: Customer,
    usage_identifier: Annotated[
        str | None, Parameter(help="the plan's API key; without it: none any more")
    ] = None,
    version: VersionOption = None,
    place: Place = HERE,
    find: Finder = FIND,
) -> int:
    """Which usage plan enforces a customer's rate and burst."""
    fields = {
        "kind": "usage_plan",
        "customerId": customer,
        "usageIdentifier": usage_identifier,
        "version": versioned(version),
    }
    return send(fields, place, find)


def show(
    *,
    customer: Customer,
    meter: Annotated[str, Parameter(help="the meter")] = "api_calls",
    key: Annotated[
        list[str], PLAIN, Parameter(help="an event key: is it counted? May be repeated")
    ] = [],  # noqa: B006 - read only
    place: Place = HERE,
    find: Finder = FIND,
) -> int:
    """The counters' own words, as JSON."""
    question = {"customerId": customer, "meter": meter, "keys": key}
    try:
        Inspection.model_validate(question)
    except ValidationError as error:
        raise Permanent(f"refused: {faults_of(error)}") from None
    print(find(place).inspect(question))
    return 0
