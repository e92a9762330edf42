"""What Aforo itself says that a customer has used in its running month: a customer comes in, one
sentence leaves.

No operator has Aforo's key. So the function that asks for limits each minute is asked to ask.
"""

import json
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, ValidationError

from functions.reconciliation.answers import Answers

if TYPE_CHECKING:
    from mypy_boto3_lambda.client import LambdaClient

METER = "api_calls"  # of the answer alone: Aforo is asked about QuotaMetricName
NOT_TOLD = "Aforo did not say what it has of {customer}: see the log of ReconciliationFetchFunction"
TOLD = "Aforo says {usage:,.15g} now: of {customer}, in its running month, of QuotaMetricName"


class _Fetched(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    answers: Answers


def aforo_figure(lambdas: "LambdaClient", function_arn: str, customer: str) -> str:
    """Errors of the call itself raise as botocore has them."""
    question = {"meter": METER, "customers": [customer]}
    answer = lambdas.invoke(FunctionName=function_arn, Payload=json.dumps(question).encode())
    body = answer["Payload"].read()
    usage = None if answer.get("FunctionError") else _usage(body, customer)
    said = NOT_TOLD if usage is None else TOLD
    return said.format(customer=customer, usage=usage)


def _usage(body: bytes, customer: str) -> float | None:
    try:
        told = _Fetched.model_validate_json(body).answers
    except ValidationError:
        return None
    quotas = (one.quota for one in told.customers if one.customer_id == customer and one.quota)
    return next((quota.current_usage for quota in quotas), None)
