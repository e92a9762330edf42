"""What is to stand there comes in; HCL for Terraform's AWS provider leaves. Names that begin with
`your_` stand for those of the configuration that it goes into.
"""

import json
from collections.abc import Iterator, Mapping

from functions.operator.adopt.adoption_order import MODE_VARIABLE
from functions.operator.adopt.snippets.wanted_state import WantedState

_API = "aws_api_gateway_rest_api.your_api"


def terraform_lines(wanted: WantedState) -> Iterator[str]:
    """Resources of their own, and what changes at those that are there."""
    yield "# Terraform: add these resources"
    if wanted.makes_group:
        yield 'resource "aws_cloudwatch_log_group" "aforo_access_logs" {'
        yield f"  name = {_text(wanted.log_group)}"
        yield "}"
    if wanted.metering_arn:
        yield 'resource "aws_cloudwatch_log_subscription_filter" "aforo_metering" {'
        yield '  name            = "aforo-metering"'
        yield f"  log_group_name  = {_text(wanted.log_group)}"
        yield '  filter_pattern  = ""'
        yield f"  destination_arn = {_text(wanted.metering_arn)}"
        yield "}"
    if wanted.authorizer_arn:
        yield from _authorizer(wanted, wanted.authorizer_arn)
    for kind, one in wanted.answers.items():
        yield f'resource "aws_api_gateway_gateway_response" "aforo_{kind.lower()}" {{'
        yield f"  rest_api_id         = {_API}.id"
        yield f"  response_type       = {_text(kind)}"
        yield f"  status_code         = {_text(one['statusCode'])}"
        yield f"  response_parameters = {_map(one['responseParameters'])}"
        yield f"  response_templates  = {_map(one['responseTemplates'])}"
        yield "}"
    yield from _of_yours(wanted)


def _authorizer(wanted: WantedState, alias: str) -> Iterator[str]:
    function, _, qualifier = alias.rpartition(":")
    yield 'resource "aws_api_gateway_authorizer" "aforo" {'
    yield '  name                             = "aforo"'
    yield f"  rest_api_id                      = {_API}.id"
    yield '  type                             = "REQUEST"'
    yield f"  authorizer_uri                   = {_text(wanted.authorizer_uri)}"
    yield '  identity_source                  = ""'
    yield "  authorizer_result_ttl_in_seconds = 0"
    yield "}"
    yield 'resource "aws_lambda_permission" "aforo" {'
    yield '  action        = "lambda:InvokeFunction"'
    yield '  principal     = "apigateway.amazonaws.com"'
    yield f"  function_name = {_text(function)}"
    yield f"  qualifier     = {_text(qualifier)}"
    yield f'  source_arn    = "${{{_API}.execution_arn}}/authorizers/*"'
    yield "}"


def _of_yours(wanted: WantedState) -> Iterator[str]:
    if wanted.log_format is not None or wanted.mode is not None:
        yield "# in your aws_api_gateway_stage:"
    if wanted.log_format is not None:
        yield "#   access_log_settings {"
        yield f"#     destination_arn = {_text(wanted.destination)}"
        yield f"#     format          = {_text(wanted.log_format)}"
        yield "#   }"
    if wanted.mode is not None:
        yield f"#   variables = {{ {MODE_VARIABLE} = {_text(wanted.mode)} }}"
    if wanted.methods:
        yield f"# in your aws_api_gateway_method of {', '.join(wanted.methods)}, and then deploy:"
        yield '#   authorization = "CUSTOM"'
        yield "#   authorizer_id = aws_api_gateway_authorizer.aforo.id"


def _text(value: str) -> str:
    """As HCL reads it: a dollar before a brace would begin an expression."""
    return json.dumps(value).replace("${", "$${")


def _map(values: Mapping[str, str]) -> str:
    return f"{{ {', '.join(f'{_text(name)} = {_text(one)}' for name, one in values.items())} }}"
