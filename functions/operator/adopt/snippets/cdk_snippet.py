"""What is to stand there comes in; TypeScript for the CDK leaves. `api`, `stage` and `method` stand
for the constructs of the app that it goes into.
"""

import json
from collections.abc import Iterator

from functions.operator.adopt.adoption_order import MODE_VARIABLE
from functions.operator.adopt.snippets.wanted_state import WantedState


def cdk_lines(wanted: WantedState) -> Iterator[str]:
    """Level 1 constructs: those of level 2 add permissions to functions that are not theirs."""
    yield "// CDK (TypeScript): add to the stack that makes the API"
    yield 'import { aws_apigateway as apigw, aws_lambda as lambda, aws_logs as logs } from "aws-cdk-lib";'  # noqa: E501
    yield ""
    if wanted.makes_group:
        name = f"logGroupName: {json.dumps(wanted.log_group)}"
        yield f'new logs.LogGroup(this, "AforoAccessLogs", {{ {name} }});'
    if wanted.metering_arn:
        yield 'new logs.CfnSubscriptionFilter(this, "AforoMetering", {'
        yield f"  logGroupName: {json.dumps(wanted.log_group)},"
        yield '  filterPattern: "",'
        yield f"  destinationArn: {json.dumps(wanted.metering_arn)},"
        yield "});"
    yield from _stage(wanted)
    if wanted.authorizer_arn:
        yield from _authorizer(wanted, wanted.authorizer_arn)
    for kind, one in wanted.answers.items():
        yield f'new apigw.CfnGatewayResponse(this, "Aforo{kind.title().replace("_", "")}", {{'
        yield "  restApiId: api.restApiId,"
        yield f"  responseType: {json.dumps(kind)},"
        yield f"  statusCode: {json.dumps(one['statusCode'])},"
        yield f"  responseParameters: {json.dumps(one['responseParameters'])},"
        yield f"  responseTemplates: {json.dumps(one['responseTemplates'])},"
        yield "});"


def _stage(wanted: WantedState) -> Iterator[str]:
    if wanted.log_format is None and wanted.mode is None:
        return
    yield "const stage = api.deploymentStage.node.defaultChild as apigw.CfnStage;"
    if wanted.log_format is not None:
        yield "stage.accessLogSetting = {"
        yield f"  destinationArn: {json.dumps(wanted.destination)},"
        yield f"  format: {json.dumps(wanted.log_format)},"
        yield "};"
    if wanted.mode is not None:
        path = json.dumps(f"Variables.{MODE_VARIABLE}")
        yield f"stage.addPropertyOverride({path}, {json.dumps(wanted.mode)});"


def _authorizer(wanted: WantedState, alias: str) -> Iterator[str]:
    yield 'const aforo = new apigw.CfnAuthorizer(this, "AforoAuthorizer", {'
    yield "  restApiId: api.restApiId,"
    yield '  name: "aforo",'
    yield '  type: "REQUEST",'
    yield f"  authorizerUri: {json.dumps(wanted.authorizer_uri)},"
    yield "  authorizerResultTtlInSeconds: 0,"
    yield "});"
    yield 'new lambda.CfnPermission(this, "AforoPermission", {'
    yield f"  functionName: {json.dumps(alias)},"
    yield '  action: "lambda:InvokeFunction",'
    yield '  principal: "apigateway.amazonaws.com",'
    account = "${this.partition}:execute-api:${this.region}:${this.account}"
    yield f"  sourceArn: `arn:{account}:${{api.restApiId}}/authorizers/*`,"
    yield "});"
    if wanted.methods:
        yield f"// each method of {', '.join(wanted.methods)}, as its defaultChild (CfnMethod):"
        yield 'method.authorizationType = "CUSTOM";'
        yield "method.authorizerId = aforo.ref;"
