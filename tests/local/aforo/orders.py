"""Bodies of the `/_...` routes: parsed and checked, or a 400 that names the field and the fix."""

import json

from aiohttp import web
from pydantic import BaseModel, ValidationError

from tests.local.aforo.problem import RefusedError


async def read_object(request: web.Request) -> dict[str, object]:
    try:
        document = json.loads(await request.read())
    except ValueError:
        raise _bad("the body must be JSON") from None
    if not isinstance(document, dict):
        raise _bad("the body must be a JSON object")
    return document


async def read_order[Model: BaseModel](request: web.Request, model: type[Model]) -> Model:
    document = await read_object(request)
    try:
        return model.model_validate(document)
    except ValidationError as error:
        raise _bad(explain(error)) from None


def explain(error: ValidationError) -> str:
    """`faults.0.status.retry_after: Input should be a valid string; ...`."""
    return "; ".join(
        ": ".join(filter(None, [".".join(map(str, one["loc"])), one["msg"]]))
        for one in error.errors(include_url=False)
    )


def whole_number(request: web.Request, name: str, default: int | None = None) -> int | None:
    text = request.query.get(name)
    if text is None:
        return default
    if not text.isdecimal():
        raise _bad(f"{name} must be a whole number, 0 or more")
    return int(text)


def _bad(detail: str) -> RefusedError:
    return RefusedError(400, "BAD_ORDER", detail)
