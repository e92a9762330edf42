"""Secrets Manager as far as a rotation goes: a value for each stage."""

from typing import Any

from botocore.exceptions import ClientError


class SecretStore:
    """`AWSCURRENT` and `AWSPREVIOUS` of one secret; `is_down` refuses every reading."""

    def __init__(self, current: str, previous: str = "") -> None:
        self.values = {"AWSCURRENT": current, "AWSPREVIOUS": previous}
        self.is_down = False
        self.reads: list[str] = []

    def get_secret_value(self, **asked: str) -> dict[str, Any]:
        stage = asked["VersionStage"]
        self.reads.append(stage)
        if self.is_down or not self.values[stage]:
            error = {"Error": {"Code": "ResourceNotFoundException", "Message": "no"}}
            raise ClientError(error, "GetSecretValue")  # type: ignore[arg-type]
        return {"SecretString": f'{{"apiKey": "{self.values[stage]}"}}'}
