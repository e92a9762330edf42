"""The words NAME=VALUE of a deploy come in, as `sam deploy --parameter-overrides` takes them."""

import difflib
from collections.abc import Mapping, Sequence
from typing import Final

from functions.usage.errors import Permanent

# The template's parameters that preflight looks at, with the template's defaults.
LOOKED_AT: Final[Mapping[str, str]] = {
    "AccessLogGroupName": "",
    "AforoAllowedHosts": "ingest.aforo.ai,ingest-sandbox.aforo.ai",
    "AforoApiUrl": "",
    "AforoBaseUrl": "https://ingest.aforo.ai",
    "AforoPricingUrl": "",
    "AforoTenantId": "",
    "ConfigurationBucketName": "",
    "DedupWindowSeconds": "86400",
    "DemoApi": "false",
    "ForwarderConcurrency": "5",
    "HoldSeconds": "50400",
    "LedgerBucketName": "",
    "LedgerKeyArn": "",
    "LogSource": "access",
    "ManageApiGatewayAccount": "false",
    "RedisUrl": "",
    "RestApiId": "",
    "SubnetIds": "",
    "VpcId": "",
}


class Intended:
    """The stack that is to be deployed: its name, and its parameters over the defaults."""

    def __init__(self, stack: str, parameters: Mapping[str, str]) -> None:
        self.stack = stack
        self.given = parameters
        self._parameters = {**LOOKED_AT, **parameters}

    def __getitem__(self, name: str) -> str:
        return self._parameters[name]

    def is_on(self, name: str) -> bool:
        """Whether a parameter that is true or false is true."""
        return self[name] == "true"

    def several(self, name: str) -> list[str]:
        """The parts of a parameter that is a list."""
        return [part for word in self[name].split(",") if (part := word.strip())]


def read_parameters(words: Sequence[str], known: Sequence[str]) -> dict[str, str]:
    """Permanent names a word that is no NAME=VALUE, and a name that the template does not have."""
    found: dict[str, str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise Permanent(f"{word!r}: write a parameter as NAME=VALUE, as for sam deploy")
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            fix = f"did you mean {near[0]}?" if near else "template.yaml lists them"
            raise Permanent(f"{name}: the template has no such parameter: {fix}")
        found[name] = value.strip("\"'")
    return found
