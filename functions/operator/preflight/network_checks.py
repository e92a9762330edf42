"""The VPC of the counters: its subnets are in it, in more than one zone, with free addresses."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from functions.operator.preflight.finding import Finding, error, ok, warning
from functions.operator.preflight.intended import Intended

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_ec2.type_defs import SubnetTypeDef

# Lambda's interfaces and the cache's, with room for one deploy that replaces both.
LEAST_ADDRESSES = 16


def check_network(ec2: "EC2Client", intended: Intended) -> Iterator[Finding]:
    """Every finding about VpcId and SubnetIds."""
    vpc, asked = intended["VpcId"], intended.several("SubnetIds")
    if not vpc or not asked:
        return
    try:
        subnets = ec2.describe_subnets(SubnetIds=asked)["Subnets"]
    except ClientError as fault:
        if "NotFound" not in fault.response["Error"]["Code"]:
            raise
        yield error(
            "subnets", fault.response["Error"]["Message"], "`aws ec2 describe-subnets` lists them"
        )
        return
    yield from _each(subnets, vpc)
    yield _zones(subnets)
    yield _names(ec2, vpc)


def _each(subnets: "list[SubnetTypeDef]", vpc: str) -> Iterator[Finding]:
    for subnet in subnets:
        name, free = subnet["SubnetId"], subnet["AvailableIpAddressCount"]
        if subnet["VpcId"] != vpc:
            yield error(
                "subnets", f"{name} is in {subnet['VpcId']}, not in {vpc}", "name another subnet"
            )
        elif free < LEAST_ADDRESSES:
            yield error(
                "subnets",
                f"{name} has {free} free addresses",
                f"one with {LEAST_ADDRESSES} at least",
            )
        else:
            yield ok("subnets", f"{name}, {subnet['AvailabilityZone']}, {free} free addresses")


def _zones(subnets: "list[SubnetTypeDef]") -> Finding:
    zones = {subnet["AvailabilityZone"] for subnet in subnets}
    if len(zones) == 1:
        return warning(
            "zones",
            f"all subnets are in {zones.pop()}: its failure stops authorizer and counters",
            "name subnets of two zones or three",
        )
    return ok("zones", ", ".join(sorted(zones)))


def _names(ec2: "EC2Client", vpc: str) -> Finding:
    said = ec2.describe_vpc_attribute(VpcId=vpc, Attribute="enableDnsSupport")
    if not said["EnableDnsSupport"].get("Value"):
        return error(
            "DNS",
            f"{vpc} resolves no names: nothing finds the cache",
            f"aws ec2 modify-vpc-attribute --vpc-id {vpc} --enable-dns-support",
        )
    return ok("DNS", f"{vpc} resolves names")
