"""`aforo-metering counters open | suspend | resume | close | shadow | enforce | usage-plan
| show`.
"""

import json
import sys
from typing import Annotated

from cyclopts import Parameter
from pydantic import ValidationError

from functions.operator.counter_commands.command_faults import told_faults
from functions.operator.counter_commands.customer_change import UNSAID, Meant, change_customer
from functions.operator.counter_commands.customer_now import CustomerNow
from functions.operator.counter_commands.sending import (
    FIND,
    Customer,
    Finder,
    VersionOption,
    checked,
    send,
    versioned,
)
from functions.operator.deployment.place import HERE, Place
from functions.operator.plain_option import PLAIN
from functions.reconciliation.inspection import Inspection
from functions.usage.errors import Permanent


def open_counters(
    *,
    version: VersionOption = None,
    yes: Annotated[
        bool, PLAIN, Parameter(help="also where the counters are empty and the register is not")
    ] = False,
    place: Place = HERE,
    find: Finder = FIND,
) -> int:
    """Every decision is UNKNOWN before it."""
    command = checked({"kind": "open", "version": versioned(version)})
    stack = find(place)
    said = json.loads(stack.tenant_findings())
    if not said["customers"] and not yes and stack.has_granted():
        raise Permanent(
            "the counters hold no customer and the register does: they were lost. "
            "`aforo-metering rebuild` restates them and opens them; opened now, they would say "
            "that nobody has used anything. Give --yes if that is true"
        )
    was = f"open (generation {said['generation']})" if said["generation"] else "not open"
    print(f"counters: {was} -> open, with {said['customers']} customers")
    return send(command, stack)


def suspend(
    *,
    customer: Customer,
    version: VersionOption = None,
    meant: Meant = UNSAID,
    place: Place = HERE,
    find: Finder = FIND,
) -> int:
    """Its calls are refused until it is resumed."""
    return change_customer(_status(customer, "suspended", version), place, find, meant)


def resume(
    *,
    customer: Customer,
    version: VersionOption = None,
    meant: Meant = UNSAID,
    place: Place = HERE,
    find: Finder = FIND,
) -> int:
    """Its calls are decided by its quota again."""
    return change_customer(_status(customer, "active", version), place, find, meant)


def close(
    *,
    customer: Customer,
    version: VersionOption = None,
    meant: Meant = UNSAID,
    place: Place = HERE,
    find: Finder = FIND,
) -> int:
    """Its calls are refused."""
    return change_customer(_status(customer, "closed", version), place, find, meant)


def _status(customer: str, status: str, version: int | None) -> dict[str, object]:
    return {
        "kind": "status",
        "customerId": customer,
        "status": status,
        "version": versioned(version),
    }


def shadow(
    *,
    customer: Customer,
    version: VersionOption = None,
    meant: Meant = UNSAID,
    place: Place = HERE,
    find: Finder = FIND,
) -> int:
    """Its calls are decided, told of where they would be refused, and all let pass."""
    return change_customer(_mode(customer, "shadow", version), place, find, meant)


def enforce(
    *,
    customer: Customer,
    as_deployed: Annotated[
        bool, PLAIN, Parameter(help="no mode of its own any more: as its stage or the stack has it")
    ] = False,
    version: VersionOption = None,
    meant: Meant = UNSAID,
    place: Place = HERE,
    find: Finder = FIND,
) -> int:
    """Its calls are refused where its quota says so, in a stack in shadow too."""
    mode = None if as_deployed else "enforce"
    return change_customer(_mode(customer, mode, version), place, find, meant)


def _mode(customer: str, mode: str | None, version: int | None) -> dict[str, object]:
    return {"kind": "mode", "customerId": customer, "mode": mode, "version": versioned(version)}


def usage_plan(
    *,
    customer: Customer,
    usage_identifier: Annotated[
        str | None, Parameter(help="the plan's API key; without it: none any more")
    ] = None,
    version: VersionOption = None,
    meant: Meant = UNSAID,
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
    return change_customer(fields, place, find, meant)


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
        raise Permanent(f"refused: {told_faults(error)}") from None
    said = find(place).inspect(question)
    found = CustomerNow.model_validate(json.loads(said))
    if not found.is_known:
        why = f"no customer {customer}: no grant, no standing{found.similar_words}"
        sys.stderr.write(f"counters show: {why}\n")
        return 1
    print(said)
    return 0
