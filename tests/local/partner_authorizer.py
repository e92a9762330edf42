"""A Lambda authorizer that is not ours: an API comes in, its authorizer's id leaves.

It lets in who sends a token of a partner, keeps answers for five minutes, and may be called.
"""

from typing import Any

from tests.local.small_function import make_function, permit_authorizers

HEADER = "X-Partner-Token"
CODE = f"""\
def handler(event, context):
    sent = {{name.lower(): value for name, value in event["headers"].items()}}
    token = sent["{HEADER.lower()}"]
    effect = "Allow" if token.startswith("partner-") else "Deny"
    statement = {{"Action": "execute-api:Invoke", "Effect": effect, "Resource": event["methodArn"]}}
    policy = {{"Version": "2012-10-17", "Statement": [statement]}}
    return {{"principalId": token, "policyDocument": policy, "context": {{"partner": token}}}}
"""


def add_partner_authorizer(gateway: Any, api_id: str, name: str) -> str:
    """The authorizer's id; its function and role are called `name`."""
    arn = make_function(name, CODE)
    permit_authorizers(arn, api_id)
    region = arn.split(":")[3]
    made = gateway.create_authorizer(
        restApiId=api_id,
        name=name,
        type="REQUEST",
        identitySource=f"method.request.header.{HEADER}",
        authorizerResultTtlInSeconds=300,
        authorizerUri=f"arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/{arn}/invocations",
    )
    return str(made["id"])
