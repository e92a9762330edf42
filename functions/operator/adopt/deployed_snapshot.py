"""What a stage serves, as it was deployed, and the API as it is come in; what is different, and is
not ours, leaves. Pure.

API Gateway keeps no list of what waits. Compared is what both sides tell: methods, who is asked
about their callers, whether they need an API key, integrations, gateway responses. What only one
side tells is named, so that nobody takes silence for none.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from functions.operator.adopt.adopted_stage import WITH_AUTHORIZER, GatewayAuthorizer, Pending
from functions.operator.stage_export import authorizer_uris

_ANY = "x-amazon-apigateway-any-method"
_INTEGRATION = "x-amazon-apigateway-integration"
_ANSWERS = "x-amazon-apigateway-gateway-responses"
_COMPARED = (
    "type",
    "uri",
    "httpMethod",
    "credentials",
    "connectionId",
    "requestTemplates",
    "requestParameters",
)
# As API Gateway fills in what nobody said.
_UNSAID: tuple[object, ...] = (None, "", {}, [])

type Operations = Mapping[tuple[str, str], Mapping[str, Any]]


class DeployedSnapshot(NamedTuple):
    """`summary` is the deployment's own, by path and verb; `export` the stage's OpenAPI document.
    None: AWS does not tell it.
    """

    summary: Mapping[str, Mapping[str, Mapping[str, Any]]] | None
    export: Mapping[str, Any] | None


class LiveApi(NamedTuple):
    """The API as it is. `resources` as GetResources tells them; `answers`: those that are declared,
    by type; `is_ours` of the URI of an authorizer.
    """

    resources: Iterable[Mapping[str, Any]]
    authorizers: Iterable[GatewayAuthorizer]
    answers: Mapping[str, Mapping[str, Any]]
    has_policy: bool
    is_ours: Callable[[str], bool]
    our_answers: Mapping[str, Mapping[str, Any]]


def pending_of(deployed: DeployedSnapshot, live: LiveApi) -> Pending:
    """Both empty: a deployment puts nothing before callers but what is ours."""
    if deployed.summary is None and deployed.export is None:
        return Pending(untold=("AWS tells nothing of what the stage serves",))
    now = dict(_live_operations(live))
    changes = list(_of_summary(deployed.summary or {}, now)) if deployed.summary else []
    untold = []
    if deployed.export is None:
        untold.append("the deployed integrations and authorizers (GetExport)")
    else:
        changes += _of_export(deployed.export, now, live)
        untold += _untold(deployed.export, live)
    return Pending(tuple(dict.fromkeys(changes)), tuple(untold))


def asking_ours(export: Mapping[str, Any] | None, is_ours: Callable[[str], bool]) -> Iterator[str]:
    """The methods of a stage's export that ask our authorizer; none where it is not told."""
    uris = authorizer_uris(export or {})
    for (path, verb), operation in _exported(export or {}).items():
        names = [name for one in operation.get("security", []) for name in one]
        if any(is_ours(uris.get(name, "")) for name in names):
            yield f"{verb} {path}"


def _live_operations(live: LiveApi) -> Iterator[tuple[tuple[str, str], Mapping[str, Any]]]:
    for resource in live.resources:
        for verb, method in resource.get("resourceMethods", {}).items():
            yield (resource["path"], verb), method


def _of_summary(
    summary: Mapping[str, Mapping[str, Mapping[str, Any]]], now: Operations
) -> Iterator[str]:
    then = {(path, verb): one for path, verbs in summary.items() for verb, one in verbs.items()}
    yield from _come_and_gone(then, now)
    for path, verb in sorted(now.keys() & then.keys()):
        was, one = then[path, verb], now[path, verb]
        if bool(was.get("apiKeyRequired")) != bool(one.get("apiKeyRequired")):
            yield f"{verb} {path}: whether it needs an API key"


def _come_and_gone(then: Operations, now: Operations) -> Iterator[str]:
    for path, verb in sorted(now.keys() - then.keys()):
        yield f"{verb} {path} is new"
    for path, verb in sorted(then.keys() - now.keys()):
        yield f"{verb} {path} is gone"


def _of_export(export: Mapping[str, Any], now: Operations, live: LiveApi) -> Iterator[str]:
    then, uris = _exported(export), authorizer_uris(export)
    yield from _come_and_gone(then, now)
    authorizers = {one.authorizer_id: one for one in live.authorizers}
    for path, verb in sorted(now.keys() & then.keys()):
        method, operation = now[path, verb], then[path, verb]
        names = {name for one in operation.get("security", []) for name in one}
        asked = authorizers.get(str(method.get("authorizerId")))
        is_asked = method.get("authorizationType") in WITH_AUTHORIZER
        if is_asked and asked and not live.is_ours(asked.uri):
            if asked.name not in names or uris.get(asked.name, asked.uri) != asked.uri:
                yield f"{verb} {path}: its authorizer"
        elif not is_asked and any(uris.get(one) and not live.is_ours(uris[one]) for one in names):
            yield f"{verb} {path}: its authorizer"
        if _integration(operation.get(_INTEGRATION, {})) != _integration(
            method.get("methodIntegration") or {}
        ):
            yield f"{verb} {path}: its integration"
    deployed_answers = export.get(_ANSWERS)
    if deployed_answers is not None:
        yield from _of_answers(deployed_answers, live)


def _of_answers(then: Mapping[str, Mapping[str, Any]], live: LiveApi) -> Iterator[str]:
    for kind in sorted(then.keys() | live.answers.keys()):
        now = live.answers.get(kind)
        if now is not None and now == live.our_answers.get(kind):
            continue
        if _answer(now) != _answer(then.get(kind)):
            yield f"the gateway response {kind}"


def _answer(one: Mapping[str, Any] | None) -> tuple[str, object, object] | None:
    if one is None:
        return None
    status = str(one.get("statusCode", ""))
    return status, one.get("responseParameters") or {}, one.get("responseTemplates") or {}


def _untold(export: Mapping[str, Any], live: LiveApi) -> Iterator[str]:
    theirs = [kind for kind, one in live.answers.items() if one != live.our_answers.get(kind)]
    if theirs and _ANSWERS not in export:
        yield f"the gateway responses {', '.join(sorted(theirs))}"
    if live.has_policy:
        yield "the resource policy"


def _exported(export: Mapping[str, Any]) -> dict[tuple[str, str], Mapping[str, Any]]:
    return {
        (path, "ANY" if verb == _ANY else verb.upper()): operation
        for path, verbs in export.get("paths", {}).items()
        for verb, operation in verbs.items()
        if isinstance(operation, Mapping)
    }


def _integration(said: Mapping[str, Any]) -> str:
    """In one spelling: an export says the type in small letters."""
    found = {
        name: said[name].lower() if name == "type" else said[name]
        for name in _COMPARED
        if said.get(name) not in _UNSAID
    }
    return json.dumps(found, sort_keys=True)
