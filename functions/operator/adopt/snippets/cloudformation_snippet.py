"""What is to stand there comes in; YAML for a CloudFormation or a SAM template leaves. Names that
begin with `Your` stand for those of the template that it goes into.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from functions.operator.adopt.snippets.wanted_state import WantedState, stage_settings

_HEADER = "gatewayresponse.header."


def cloudformation_lines(wanted: WantedState) -> Iterator[str]:
    """Resources of their own, and what changes at those that are there."""
    yield "# CloudFormation: add these resources to the template that makes the API"
    yield "Resources:"
    yield from _yaml(_log_resources(wanted), "  ")
    yield from _yaml(_guard_resources(wanted), "  ")
    settings = stage_settings(wanted)
    if settings:
        yield "# in your AWS::ApiGateway::Stage, under Properties:"
        yield from _yaml(settings, "#   ")
    if wanted.methods:
        yield f"# in your AWS::ApiGateway::Method of {', '.join(wanted.methods)}, and then deploy:"
        yield "#   AuthorizationType: CUSTOM"
        yield "#   AuthorizerId: !Ref AforoAuthorizer"


def sam_lines(wanted: WantedState) -> Iterator[str]:
    """What AWS::Serverless::Api takes stands in its properties."""
    yield "# SAM: merge into your template; YourApi is your AWS::Serverless::Api"
    yield "Resources:"
    yield from _yaml(_log_resources(wanted), "  ")
    properties = {**stage_settings(wanted)}
    if wanted.answers:
        properties["GatewayResponses"] = {
            kind: _sam_answer(one) for kind, one in wanted.answers.items()
        }
    if wanted.authorizer_arn:
        properties["Auth"] = {
            "Authorizers": {
                "Aforo": {
                    "FunctionArn": wanted.authorizer_arn,
                    "FunctionPayloadType": "REQUEST",
                    "Identity": {"ReauthorizeEvery": 0},
                }
            }
        }
    if properties:
        yield from _yaml({"YourApi": {"Properties": properties}}, "  ")
    if wanted.methods:
        yield f"# in the Api events of {', '.join(wanted.methods)}: Auth: {{ Authorizer: Aforo }}"


def _log_resources(wanted: WantedState) -> Mapping[str, Any]:
    found: dict[str, Any] = {}
    if wanted.makes_group:
        found["AforoAccessLogs"] = {
            "Type": "AWS::Logs::LogGroup",
            "Properties": {"LogGroupName": wanted.log_group},
        }
    if wanted.metering_arn:
        found["AforoMetering"] = {
            "Type": "AWS::Logs::SubscriptionFilter",
            "Properties": {
                "LogGroupName": wanted.log_group,
                "FilterPattern": "",
                "DestinationArn": wanted.metering_arn,
            },
        }
    return found


def _guard_resources(wanted: WantedState) -> Mapping[str, Any]:
    found: dict[str, Any] = {}
    if wanted.authorizer_arn:
        found["AforoAuthorizer"] = {
            "Type": "AWS::ApiGateway::Authorizer",
            "Properties": {
                "RestApiId": {"Ref": "YourApi"},
                "Name": "aforo",
                "Type": "REQUEST",
                "AuthorizerUri": wanted.authorizer_uri,
                "AuthorizerResultTtlInSeconds": 0,
            },
        }
        source = (
            "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}"
            ":${YourApi}/authorizers/*"
        )
        found["AforoPermission"] = {
            "Type": "AWS::Lambda::Permission",
            "Properties": {
                "FunctionName": wanted.authorizer_arn,
                "Action": "lambda:InvokeFunction",
                "Principal": "apigateway.amazonaws.com",
                "SourceArn": {"Fn::Sub": source},
            },
        }
    for kind, one in wanted.answers.items():
        found[f"Aforo{kind.title().replace('_', '')}"] = {
            "Type": "AWS::ApiGateway::GatewayResponse",
            "Properties": {
                "RestApiId": {"Ref": "YourApi"},
                "ResponseType": kind,
                "StatusCode": one["statusCode"],
                "ResponseParameters": one["responseParameters"],
                "ResponseTemplates": one["responseTemplates"],
            },
        }
    return found


def _sam_answer(one: Mapping[str, Any]) -> Mapping[str, Any]:
    parameters: Mapping[str, str] = one["responseParameters"]
    headers = {name.removeprefix(_HEADER): value for name, value in parameters.items()}
    return {
        "StatusCode": int(one["statusCode"]),
        "ResponseParameters": {"Headers": headers},
        "ResponseTemplates": one["responseTemplates"],
    }


def _yaml(said: Mapping[str, Any], indent: str) -> Iterator[str]:
    """Objects over lines; everything else as JSON, which is YAML too."""
    for name, value in said.items():
        key = name if name.replace("_", "").isalnum() else json.dumps(name)
        if isinstance(value, Mapping):
            yield f"{indent}{key}:"
            yield from _yaml(value, f"{indent}  ")
        else:
            yield f"{indent}{key}: {json.dumps(value)}"
