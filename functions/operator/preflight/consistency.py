"""What the parameters say against each other. Nothing is asked."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from functions.operator.preflight.allowed_values import check_values
from functions.operator.preflight.finding import Finding, error, ok, warning
from functions.operator.preflight.intended import Intended


def check_parameters(intended: Intended) -> Iterator[Finding]:
    """Faults that a template cannot see, or says late."""
    yield from check_values(intended.given)
    yield from _tenant(intended)
    yield from _hosts(intended)
    yield from _hold(intended)
    yield from _counters(intended)


def _tenant(intended: Intended) -> Iterator[Finding]:
    if not intended["AforoTenantId"]:
        yield error("AforoTenantId", "not given", "AforoTenantId=<your tenant at Aforo>")


def _hosts(intended: Intended) -> Iterator[Finding]:
    allowed = set(intended.several("AforoAllowedHosts"))
    for name in ("AforoBaseUrl", "AforoApiUrl", "AforoPricingUrl"):
        host = urlsplit(intended[name]).hostname
        if host and host not in allowed:
            yield error(
                name,
                f"its host {host} is not in AforoAllowedHosts: no key would be sent to it",
                f"AforoAllowedHosts={','.join(sorted({*allowed, host}))}",
            )


def _hold(intended: Intended) -> Iterator[Finding]:
    texts = (intended["HoldSeconds"], intended["DedupWindowSeconds"])
    if not all(text.isdecimal() for text in texts):
        return  # which of them is no number was said
    hold, window = map(int, texts)
    if hold * 6 > window * 5:
        yield warning(
            "HoldSeconds",
            f"{hold} is more than 5/6 of DedupWindowSeconds ({window}): it will be shortened",
            f"HoldSeconds={window * 5 // 6}",
        )
    else:
        yield ok("HoldSeconds", f"{hold} s, within 5/6 of Aforo's {window} s")


def _counters(intended: Intended) -> Iterator[Finding]:
    vpc, subnets = intended["VpcId"], intended.several("SubnetIds")
    if not intended["RedisUrl"] and not vpc:
        yield error(
            "RedisUrl",
            "neither it nor VpcId is given: there is no place for the counters",
            "RedisUrl=redis://host:6379/0, or VpcId=vpc-... SubnetIds=subnet-...,subnet-...",
        )
    if vpc and not subnets:
        yield error("SubnetIds", "VpcId is given without them", "SubnetIds=subnet-...,subnet-...")
    if subnets and not vpc:
        yield error("VpcId", "SubnetIds are given without it", "VpcId=vpc-...")
