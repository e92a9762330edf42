"""`aforo-metering preflight`: what a deploy would stumble over, before it does.

Reads only. Exit status 0: nothing stands in the way; 1: something does; 2: not understood.
"""

import sys
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Annotated

from botocore.exceptions import BotoCoreError, ClientError
from cyclopts import Parameter

from functions.operator.aws_session import aws_session
from functions.operator.aws_words import in_plain_words
from functions.operator.deployment.local_cloud import read_endpoints_file
from functions.operator.deployment.place import HERE, Place
from functions.operator.preflight.account_checks import (
    check_account_role,
    check_concurrency,
    check_stack,
)
from functions.operator.preflight.adopted_checks import check_adopted
from functions.operator.preflight.consistency import check_parameters
from functions.operator.preflight.finding import Finding, warning
from functions.operator.preflight.gateway_checks import check_gateway
from functions.operator.preflight.intended import Intended, read_parameters
from functions.operator.preflight.log_group_checks import check_log_group
from functions.operator.preflight.network_checks import check_network
from functions.operator.preflight.permission_checks import check_permissions
from functions.operator.preflight.template_parameters import PARAMETERS
from functions.operator.rows import RowFormat, write_rows
from functions.operator.still_working import StillWorking

if TYPE_CHECKING:
    from boto3 import Session

type Check = Callable[[], Iterable[Finding]]

COLUMNS = ("level", "check", "found", "cure")
DEFAULT_STACK = "aforo-metering"


def preflight(
    *parameters: Annotated[str, Parameter(help="NAME=VALUE, as you will give them to sam deploy")],
    format_: Annotated[
        RowFormat, Parameter(name="--format", help="how the findings are printed")
    ] = "table",
    place: Place = HERE,
) -> int:
    """Every check is made; one that you may not make is a warning."""
    given = read_parameters(parameters, PARAMETERS)
    if place.stack is None:
        read_endpoints_file(place.endpoints)
    intended = Intended(place.stack or DEFAULT_STACK, given)
    with StillWorking("preflight", "asking AWS"):
        findings = [one for check in checks(aws_session(), intended) for one in answered(check)]
    rows = [finding._asdict() for finding in findings]
    write_rows(COLUMNS, rows, sys.stdout, format_)
    faults = sum(finding.level == "error" for finding in findings)
    sys.stderr.write(
        f"preflight: {faults} errors\n" if faults else "preflight: nothing in the way\n"
    )
    return 1 if faults else 0


def checks(session: "Session", intended: Intended) -> Iterator[Check]:
    """In the order in which a person would mend what they find."""
    gateway = session.client("apigateway")
    yield lambda: check_parameters(intended)
    yield lambda: check_stack(session.client("cloudformation"), intended)
    yield lambda: check_adopted(session.client("s3"), intended)
    yield lambda: check_log_group(session.client("logs"), intended)
    yield lambda: check_gateway(gateway, intended)
    yield lambda: check_account_role(gateway, intended)
    yield lambda: check_network(session.client("ec2"), intended)
    yield lambda: check_concurrency(session.client("lambda"), intended)
    yield lambda: check_permissions(session.client("iam"), session.client("sts"))


def answered(check: Check) -> list[Finding]:
    """What a check found; where AWS did not answer it, that it was not made."""
    found: list[Finding] = []
    try:
        for finding in check():
            found.append(finding)  # noqa: PERF402 - what was found before a fault stays
    except (ClientError, BotoCoreError) as fault:
        found.append(
            warning(
                "not looked at", in_plain_words(fault), "look yourself, or with other credentials"
            )
        )
    return found
