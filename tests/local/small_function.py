"""A Lambda function of one file: its name and code come in, its ARN leaves. Its role, which has the
same name, may do nothing.
"""

import io
import json
import zipfile

import boto3

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


def make_function(name: str, code: str, **settings: str) -> str:
    """`code` has a `handler`; `settings` are its environment."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("index.py", code)
    made = boto3.client("lambda").create_function(
        FunctionName=name,
        Runtime="python3.13",
        Handler="index.handler",
        Role=make_role(name),
        Code={"ZipFile": packed.getvalue()},
        Environment={"Variables": settings},
    )
    return made["FunctionArn"]


def permit_authorizers(function_arn: str, api_id: str) -> None:
    """The authorizers of an API may ask the function, by its own policy."""
    region, account = function_arn.split(":")[3:5]
    boto3.client("lambda").add_permission(
        FunctionName=function_arn,
        StatementId=f"api-{api_id}",
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
        SourceArn=f"arn:aws:execute-api:{region}:{account}:{api_id}/authorizers/*",
    )


def make_role(name: str) -> str:
    """Its ARN."""
    trust = json.dumps(TRUST)
    made = boto3.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=trust)
    return made["Role"]["Arn"]
