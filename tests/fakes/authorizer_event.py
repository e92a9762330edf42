"""The event that API Gateway gives to a REQUEST authorizer (version 1)."""

from typing import Any

METHOD_ARN = "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/prod/GET/pets/1"


def authorizer_event(authorization: str | None = None, **headers: str) -> dict[str, Any]:
    """A request for a pet; an underscore in a keyword stands for a hyphen in a header's name."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    if authorization is not None:
        sent["Authorization"] = authorization
    return {
        "type": "REQUEST",
        "methodArn": METHOD_ARN,
        "resource": "/pets/{id}",
        "path": "/pets/1",
        "httpMethod": "GET",
        "headers": sent,
        "multiValueHeaders": {name: [value] for name, value in sent.items()},
        "queryStringParameters": None,
        "pathParameters": {"id": "1"},
        "stageVariables": None,
        "requestContext": {
            "requestId": "0ab1c2d3-0000-4000-8000-000000000000",
            "extendedRequestId": "AbCdEfGhIjKlMnO=",
            "apiId": "a1b2c3d4e5",
            "stage": "prod",
        },
    }
