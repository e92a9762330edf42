"""boto3's client of Secrets Manager: one secret, with a version for each stage."""

import json
from dataclasses import dataclass, field
from typing import Any

from tests.simulation.aws.aws_place import AwsCalls, AwsPlace, client_error

PLACE = AwsPlace("secrets")


@dataclass
class SecretCalls:
    """`keys` are API keys, by stage (`AWSCURRENT`)."""

    calls: AwsCalls
    keys: dict[str, str] = field(default_factory=dict)

    def get_secret_value(self, **asked: Any) -> dict[str, Any]:
        stage = asked.get("VersionStage", "AWSCURRENT")

        def effect() -> dict[str, Any]:
            if stage not in self.keys:
                raise client_error("ResourceNotFoundException", "GetSecretValue")
            return {"SecretString": json.dumps({"apiKey": self.keys[stage]})}

        return self.calls.make(PLACE, "GetSecretValue", effect)

    def rotate(self, key: str) -> None:
        """As Secrets Manager does: what was current is the one before."""
        self.keys = {"AWSPREVIOUS": self.keys.get("AWSCURRENT", key), "AWSCURRENT": key}
