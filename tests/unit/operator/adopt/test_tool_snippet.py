"""Of an API that a tool made, what is printed is what that tool takes."""

import json
import re
from dataclasses import replace
from typing import Any

import boto3
import pytest
import yaml
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

from functions.operator.adopt.adopted_stage import Maker
from functions.operator.adopt.adoption_order import AdoptionOrder
from functions.operator.adopt.snippets.tool_snippet import snippet_lines
from functions.operator.adopt.stage_makers import STACK_TAG
from tests.fakes.adopting import ALIAS, GROUP, METERING, method, world

FORMAT = '{"id":"$context.requestId","quote":"\\"${x}"}'
OPEN = {("/orders", "GET"): method(), ("/orders", "OPTIONS"): method()}


def printed(maker: Maker, *, log_format: str | None = FORMAT) -> str:
    """Of a stage that has nothing of ours, up to shadow."""
    found = world(OPEN, log_format=log_format).read(AdoptionOrder(phase="shadow"))
    return "\n".join(snippet_lines(replace(found.stage, made_by=maker), found.ours, found.plan))


def template(text: str) -> Any:
    """The YAML of a snippet, without what stands in comments."""
    return yaml.safe_load(text[text.index("Resources:") :])


def test_the_declaration_is_the_same_for_all() -> None:
    """It is of our stack, whoever made the API."""
    lines = printed("terraform").splitlines()
    source, version = (json.loads(line) for line in lines if line.startswith('{"'))
    assert source["sources"][0]["logGroup"] == GROUP
    assert version["accessLogs"][GROUP]["fields"]["requestId"] == "id"
    assert "# aforo-metering configuration put metering.json --yes --stack ours" in lines


def test_cloudformation_takes_every_resource() -> None:
    """Filter, authorizer, permission, answers; stage and methods as comments."""
    text = printed("cloudformation")
    resources = template(text)["Resources"]
    kinds = {name: one["Type"] for name, one in resources.items()}
    assert kinds == {
        "AforoMetering": "AWS::Logs::SubscriptionFilter",
        "AforoAuthorizer": "AWS::ApiGateway::Authorizer",
        "AforoPermission": "AWS::Lambda::Permission",
        "AforoAccessDenied": "AWS::ApiGateway::GatewayResponse",
        "AforoUnauthorized": "AWS::ApiGateway::GatewayResponse",
    }
    assert resources["AforoMetering"]["Properties"]["DestinationArn"] == METERING
    assert resources["AforoPermission"]["Properties"]["FunctionName"] == ALIAS
    assert resources["AforoAuthorizer"]["Properties"]["AuthorizerResultTtlInSeconds"] == 0
    comments = "\n".join(line[1:] for line in text.splitlines() if line.startswith("#   "))
    stage = yaml.safe_load(comments.partition("  AuthorizationType")[0])
    assert stage["AccessLogSetting"]["Format"].endswith(FORMAT.removeprefix("{"))
    assert stage["Variables"] == {"aforoMode": "shadow"}
    assert "AWS::ApiGateway::Method of GET /orders," in text


def test_sam_transforms_what_it_is_given() -> None:
    """By SAM's own translator, beside an API and a function that asks the authorizer."""
    resources = template(printed("sam"))["Resources"]
    code = "def handler(event, context): return {}"
    event = {
        "Type": "Api",
        "Properties": {
            "RestApiId": {"Ref": "YourApi"},
            "Path": "/orders",
            "Method": "get",
            "Auth": {"Authorizer": "Aforo"},
        },
    }
    resources["YourApi"] = {
        "Type": "AWS::Serverless::Api",
        "Properties": {"StageName": "prod", **resources["YourApi"]["Properties"]},
    }
    resources["Backend"] = {
        "Type": "AWS::Serverless::Function",
        "Properties": {
            "Runtime": "python3.13",
            "Handler": "index.handler",
            "InlineCode": code,
            "Events": {"Get": event},
        },
    }
    whole = {"Transform": "AWS::Serverless-2016-10-31", "Resources": resources}
    made = Translator({}, Parser(), boto_session=boto3.Session(region_name="us-east-1")).translate(
        whole, {}
    )["Resources"]
    api = made["YourApi"]["Properties"]["Body"]
    authorizer = api["securityDefinitions"]["Aforo"]["x-amazon-apigateway-authorizer"]
    assert ALIAS in json.dumps(authorizer["authorizerUri"])
    assert authorizer["authorizerResultTtlInSeconds"] == 0
    assert not authorizer.get("identitySource")
    assert api["paths"]["/orders"]["get"]["security"] == [{"Aforo": []}]
    answers = api["x-amazon-apigateway-gateway-responses"]
    assert answers["ACCESS_DENIED"]["statusCode"] == "429"
    stage = made["YourApiprodStage"]["Properties"]
    assert stage["Variables"] == {"aforoMode": "shadow"}
    assert stage["AccessLogSetting"]["Format"].endswith(FORMAT.removeprefix("{"))


def test_terraforms_text_holds_the_format_as_it_is() -> None:
    """A dollar before a brace would begin an expression; quotes and braces are closed."""
    text = printed("terraform")
    (said,) = re.findall(r"^#     format          = (.*)$", text, re.MULTILINE)
    assert json.loads(said).replace("$${", "${").endswith(FORMAT.removeprefix("{"))
    bare = re.sub(r'"(?:[^"\\]|\\.)*"', "", text)
    assert bare.count("{") == bare.count("}") > 5
    assert re.findall(r'^resource "(\w+)" "(\w+)" \{$', text, re.MULTILINE) == [
        ("aws_cloudwatch_log_subscription_filter", "aforo_metering"),
        ("aws_api_gateway_authorizer", "aforo"),
        ("aws_lambda_permission", "aforo"),
        ("aws_api_gateway_gateway_response", "aforo_access_denied"),
        ("aws_api_gateway_gateway_response", "aforo_unauthorized"),
    ]
    assert 'qualifier     = "live"' in text


def test_the_cdk_names_what_it_changes() -> None:
    """The stage's settings, the method's authorizer, constructs that belong to no other stack."""
    text = printed("cdk")
    assert f'destinationArn: "{METERING}"' in text
    assert 'stage.addPropertyOverride("Variables.aforoMode", "shadow");' in text
    assert "method.authorizerId = aforo.ref;" in text
    assert 'new apigw.CfnGatewayResponse(this, "AforoAccessDenied"' in text
    bare = re.sub(r'"(?:[^"\\]|\\.)*"', "", text)
    assert bare.count("{") == bare.count("}")
    assert bare.count("(") == bare.count(")")


@pytest.mark.parametrize("maker", ["cloudformation", "sam", "cdk", "terraform"])
def test_a_log_group_that_is_not_there_is_made_by_the_tool(maker: Maker) -> None:
    """Of a stage without an access log."""
    assert "AforoAccessLogs" in printed(maker, log_format=None).replace(
        "aforo_access_logs", "AforoAccessLogs"
    )


@pytest.mark.parametrize(("tag", "value"), [(STACK_TAG, "their-stack"), ("made-with", "terraform")])
def test_a_tool_is_known_by_a_tag(tag: str, value: str) -> None:
    """And nothing is changed unless it is said."""
    shape = world(OPEN)
    shape.gateway.tags = {tag: value}
    assert shape.read(AdoptionOrder()).is_of_a_tool
    assert not shape.read(AdoptionOrder(is_of_hand=True)).is_of_a_tool
