"""`aforo-metering customers import`: customers from the usage plans of API Gateway, as a file.

Reads API Gateway alone and writes files: nothing is stated until the file is applied.
"""

import json
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from functions.operator.aws_session import aws_session
from functions.operator.customers.file_writing import write_customers, write_new
from functions.operator.customers.usage_plans import (
    configuration_customers,
    propose,
    read_usage_plans,
)
from functions.operator.deployment.place import HERE, Place, find_deployment
from functions.operator.explain.terminal_text import printable
from functions.operator.plain_option import PLAIN
from functions.operator.still_working import StillWorking
from functions.usage.errors import Permanent


def import_customers(
    *,
    from_usage_plan: Annotated[
        bool, PLAIN, Parameter(help="from API Gateway's usage plans and their keys")
    ] = False,
    usage_plan: Annotated[
        list[str], PLAIN, Parameter(help="only this one, by its id; may be repeated")
    ] = [],  # noqa: B006 - read only
    to: Annotated[Path, Parameter(help="a new file of customers, .yaml or .csv")],
    map_to: Annotated[
        Path | None,
        Parameter(name="--map", help="a new file with `customers` for the configuration, as JSON"),
    ] = None,
    place: Place = HERE,
) -> int:
    """Exit status 0, also where a comment asks something."""
    if not from_usage_plan:
        raise Permanent("--from-usage-plan: give it: there is no other source yet")
    deployment = find_deployment(place)
    with StillWorking("customers import", "reading API Gateway"):
        client = aws_session(deployment.region).client("apigateway")
        found = read_usage_plans(client, usage_plan)
    proposal = propose(found)
    write_customers(proposal.document, to, proposal.comments)
    plans, keys = len(found.plans), len(found.keys)
    print(f"wrote {to}: {plans:,} plans and {keys:,} keys, named by their ids; no key changes")
    if proposal.questions and to.suffix.lower() == ".csv":
        # A CSV file has no comments.
        for name in proposal.questions:
            print(printable(f"{name}: {proposal.comments[name]}"))
    elif proposal.questions:
        print(f"{len(proposal.questions):,} comments in it ask something: look for `#`")
    if map_to is not None:
        customers = json.dumps(configuration_customers(proposal.owners), indent=2)
        write_new(map_to, f"{customers}\n", "--map")
        print(f"wrote {map_to}: for clients that stay with x-api-key, metered by their key's id")
    return 0
