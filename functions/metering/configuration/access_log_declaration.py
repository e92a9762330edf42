"""What the configuration says of a foreign access log: which key holds what, and what is not in it.

"accessLogs": {"/aws/apigateway/orders/prod": {
    "fields": {"status": "httpStatusCode", "customerId": "authorizer.customer"},
    "apiId": "a1b2c3d4e5", "stage": "prod"}}
"""

from collections import defaultdict
from typing import Annotated

from pydantic import Field, StringConstraints, field_validator

from functions.metering.configuration.client_keys import not_to_declare
from functions.metering.configuration.document import Document
from functions.metering.configuration.meter import LineKey
from functions.metering.field_names import FieldName, common_name

type LogGroup = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_./#-]{1,512}\z")]
type KeyPath = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f]{1,128}\z")]
type AccountId = Annotated[str, StringConstraints(pattern=r"^[0-9]{12}\z")]
type Part = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_$-]{1,128}\z")]


class AccessLogDeclaration(Document):
    """One log group's format. The three ids belong to every request in it that does not say them:
    declare them only where one stage writes to the group.
    """

    fields_: dict[FieldName, KeyPath] = Field(default_factory=dict, alias="fields")
    context: dict[LineKey, KeyPath] = Field(default_factory=dict)  # what meters call a key
    account_id: AccountId | None = None
    api_id: Part | None = None
    stage: Part | None = None

    @field_validator("fields_")
    @classmethod
    def _no_client_decides_money(cls, fields: dict[FieldName, str]) -> dict[FieldName, str]:
        refused = {field: not_to_declare(field, path) for field, path in fields.items()}
        complaints = [f"{field}: {why}" for field, why in refused.items() if why]
        if complaints:
            raise ValueError("; ".join(complaints))
        return fields

    @field_validator("fields_")
    @classmethod
    def _each_key_holds_one_fact(cls, fields: dict[FieldName, str]) -> dict[FieldName, str]:
        declared: dict[str, list[FieldName]] = defaultdict(list)
        for field, path in fields.items():
            declared[common_name(path)].append(field)
        for of_one_key in declared.values():
            if len(of_one_key) > 1:
                path = fields[of_one_key[0]]
                raise ValueError(f"{' and '.join(of_one_key)}: {path!a} can hold one fact only")
        return fields
