"""A Lambda authorizer that is not ours: an API comes in, its authorizer's id leaves.

It lets in who sends a token of a partner, keeps answers for five minutes, and may be called.
"""

import io
import json
import zipfile
from typing import Any

import boto3

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
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}


def add_partner_authorizer(gateway: Any, api_id: str, name: str) -> str:
    """The authorizer's id; its function and role are called `name`."""
    arn = _function(name)
    region, account = arn.split(":")[3:5]
    boto3.client("lambda").add_permission(
        FunctionName=arn,
        StatementId=f"api-{api_id}",
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
        SourceArn=f"arn:aws:execute-api:{region}:{account}:{api_id}/authorizers/*",
    )
    made = gateway.create_authorizer(
        restApiId=api_id,
        name=name,
        type="REQUEST",
        identitySource=f"method.request.header.{HEADER}",
        authorizerResultTtlInSeconds=300,
        authorizerUri=f"arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/{arn}/invocations",
    )
    return str(made["id"])


def _function(name: str) -> str:
    role = boto3.client("iam").create_role(
        RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST)
    )
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("index.py", CODE)
    made = boto3.client("lambda").create_function(
        FunctionName=name,
        Runtime="python3.13",
        Handler="index.handler",
        Role=role["Role"]["Arn"],
        Code={"ZipFile": packed.getvalue()},
    )
    return made["FunctionArn"]
