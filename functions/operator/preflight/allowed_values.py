"""What the template lets a parameter be, so that preflight says it before CloudFormation does.

A test holds every rule to template.yaml, and its words to the ConstraintDescription there.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from functions.operator.preflight.finding import Finding, error


class Pattern(NamedTuple):
    """A text of this form; `words` say it to a person."""

    pattern: str
    words: str

    def takes(self, value: str) -> bool:
        return re.fullmatch(self.pattern, value) is not None


class Choice(NamedTuple):
    """One of these."""

    values: tuple[str, ...]

    @property
    def words(self) -> str:
        return f"one of {', '.join(self.values)}"

    def takes(self, value: str) -> bool:
        return value in self.values


class Number(NamedTuple):
    """`most` None: there is no bound."""

    least: int
    most: int | None = None

    @property
    def words(self) -> str:
        return f"a number, at least {self.least}" + (
            f" and at most {self.most}" if self.most else ""
        )

    def takes(self, value: str) -> bool:
        if not re.fullmatch(r"[0-9]+(\.[0-9]+)?", value):
            return False
        return self.least <= float(value) and (self.most is None or float(value) <= self.most)


type Rule = Pattern | Choice | Number

_ORIGIN = r"https://[A-Za-z0-9.-]+(:[0-9]+)?|http://(127\.0\.0\.1|localhost)(:[0-9]+)?"
_ORIGIN_WORDS = "an https address without a path, or http on loopback"
_REDIS = r"(rediss?://([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?(/[0-9]*)?)?"
_SWITCH = Choice(("true", "false"))
_POLICY = Choice(("deny", "allow"))
RULES: Final[Mapping[str, Rule]] = {
    "AforoTenantId": Pattern(
        r"[A-Za-z0-9_.-]+", "the tenant as Aforo names it: letters, digits and . _ -"
    ),
    "AforoEnvironment": Choice(("live", "sandbox")),
    "AforoBaseUrl": Pattern(_ORIGIN, _ORIGIN_WORDS),
    "AforoApiUrl": Pattern(f"({_ORIGIN})?", _ORIGIN_WORDS),
    "AforoPricingUrl": Pattern(f"({_ORIGIN})?", _ORIGIN_WORDS),
    "AforoJwksUrl": Pattern(
        r"(https://[A-Za-z0-9.-]+(:[0-9]+)?/.*|http://(127\.0\.0\.1|localhost)(:[0-9]+)?/.*)?",
        "an https address, or http on loopback",
    ),
    "AforoKeyHeader": Choice(("Authorization", "X-API-Key")),
    "AforoSigV4Service": Pattern(
        r"[a-z0-9-]*", "a service's name in small letters, as execute-api, or nothing"
    ),
    "AforoSigV4Region": Pattern(r"[a-z0-9-]*", "a Region's name, as eu-central-1, or nothing"),
    "LogSource": Choice(("access", "execution")),
    "ExecutionLogSources": _SWITCH,
    "CredentialHeader": Choice(("Authorization", "X-API-Key", "Either")),
    "AuthorizerMode": Choice(("enforce", "shadow")),
    "TenantHeader": Choice(("tenant", "customer")),
    "QuotaMeter": Pattern(
        r"[a-z][a-z0-9_]*", "a meter's id: small letters, digits and _, beginning with a letter"
    ),
    "CustomersPerReconcile": Number(0, 150),
    "CountersGeneration": Number(1, 999),
    "RedisUrl": Pattern(
        _REDIS, "redis://host:port/0, or rediss:// for TLS, without a user or a password"
    ),
    "RedisSecretArn": Pattern(
        r"(arn:[a-z-]+:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:.+)?",
        "the secret's whole ARN",
    ),
    "UnknownPolicy": _POLICY,
    "NoGrantPolicy": _POLICY,
    "HeadroomCapPercent": Number(0, 100),
    "HoldSeconds": Number(5, 1123200),
    "DedupWindowSeconds": Number(3600),
    "ForwarderConcurrency": Choice(("2", "5", "10", "20", "50", "100")),
    "AforoEventsPerMinute": Number(100),
    "PostsAtOnce": Number(1, 16),
    "ForwarderWindowSeconds": Number(1, 60),
    "AutomaticReplay": _SWITCH,
    "AuditWindowSeconds": Choice(
        ("5", "10", "15", "20", "30", "60", "120", "300", "600", "900", "1200", "1800", "3600")
    ),
    "AuditDelaySeconds": Number(1, 7200),
    "AuditShards": Number(1, 64),
    "AuditExportBucketName": Pattern(r"[a-z0-9.-]*", "the name of a bucket, or nothing"),
    "AuthorizerDeployment": Choice(
        (
            "Canary10Percent5Minutes",
            "Canary10Percent15Minutes",
            "Linear10PercentEvery1Minute",
            "AllAtOnce",
        )
    ),
    "AuthorizerSnapStart": _SWITCH,
    "AuthorizerProvisionedConcurrency": Number(0),
    "ComposedAlarms": _SWITCH,
    "RunbookUrl": Pattern(
        r"[A-Za-z0-9_./:~%@?=&-]+", "an address without quotes, blanks and commas"
    ),
    "Dashboard": _SWITCH,
    "ServedApis": Pattern(
        r"[A-Za-z0-9_.=() -]*", "the APIs' names: letters, digits, blanks and . _ = ( ) -"
    ),
    "QuietSeconds": Choice(("0", "300", "900", "3600", "21600", "86400")),
    "LogRetentionDays": Choice(("30", "60", "90", "120", "150", "180", "365", "400", "545", "731")),
    "LambdaTracing": Choice(("Active", "PassThrough")),
    "Architecture": Choice(("arm64", "x86_64")),
    "DemoApi": _SWITCH,
    "ManageApiGatewayAccount": _SWITCH,
}


def check_values(given: Mapping[str, str]) -> Iterator[Finding]:
    """Each parameter that the template will refuse."""
    for name, value in given.items():
        rule = RULES.get(name)
        if rule is not None and not rule.takes(value):
            # Behind a user there may be a password.
            shown = "what was given" if "@" in value else repr(value)
            yield error(name, f"the template does not take {shown}", f"give {rule.words}")
