"""Paths and methods of an API that is made call by call; MOCK integrations answer them."""

import json
from collections.abc import Mapping
from typing import Any


class MockPaths:
    """The resources of an API, made as they are needed."""

    def __init__(self, client: Any, api_id: str, root_id: str) -> None:
        self._client, self._api = client, {"restApiId": api_id}
        self._ids = {"": root_id}

    def add(self, path: str, verb: str, options: Mapping[str, Any], body: str = "") -> None:
        """A method that answers 200, with its own name or `body`."""
        where = {**self._api, "resourceId": self._id(path), "httpMethod": verb}
        self._client.put_method(**where, **options)
        self._client.put_integration(
            **where, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'}
        )
        self._client.put_method_response(**where, statusCode="200")
        body = body or json.dumps({"answer": f"{verb} {path}"})
        self._client.put_integration_response(
            **where, statusCode="200", responseTemplates={"application/json": body}
        )

    def _id(self, path: str) -> str:
        if path not in self._ids:
            parent, _, name = path.rpartition("/")
            made = self._client.create_resource(
                **self._api, parentId=self._id(parent), pathPart=name
            )
            self._ids[path] = made["id"]
        return self._ids[path]
