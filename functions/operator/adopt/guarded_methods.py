"""Which methods get our authorizer: the methods of an API come in; chosen, left and refused ones
leave. A preflight is never one of them, and nobody's authorizer is replaced unless it is said.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from functions.operator.adopt.adopted_stage import AdoptedStage, GatewayMethod
from functions.operator.adopt.adoption_order import AdoptingStack, AdoptionOrder
from functions.operator.adopt.stop_line import StopLine
from functions.usage.errors import Permanent


class ChosenMethods(NamedTuple):
    """`chosen` get it, `done` have it. `left`: why each of the others stays as it is."""

    chosen: tuple[GatewayMethod, ...]
    done: tuple[GatewayMethod, ...]
    left: tuple[tuple[GatewayMethod, str], ...]
    stops: tuple[StopLine, ...]


def chosen_methods(stage: AdoptedStage, ours: AdoptingStack, order: AdoptionOrder) -> ChosenMethods:
    """Permanent where --method names one that the API does not have, or a preflight."""
    asked = set(_asked(stage, order.methods))
    # Enforcing is for what shadow has shown; more methods go through shadow first.
    our_ids = {one.authorizer_id for one in stage.authorizers if ours.is_ours(one.uri)}
    is_settled = order.phase == "enforce" and any(
        method.authorizer_id in our_ids for method in stage.methods
    )
    chosen, done = [], []
    left: list[tuple[GatewayMethod, str]] = []
    stops: list[StopLine] = []
    for method in stage.methods:
        if method.authorizer_id in our_ids:
            done.append(method)
        elif method.is_preflight:
            left.append((method, "a preflight, which carries no credential"))
        elif asked and method.name not in asked:
            left.append((method, "not named by --method"))
        elif method.authorization == "NONE" and is_settled and not asked:
            left.append((method, "not in shadow: --phase shadow adds it"))
        elif method.authorization == "NONE":
            chosen.append(method)
        elif why := _why_not(stage, method, order, asked):
            if method.name in asked:
                stops.append(StopLine(f"{method.name} {why}", _cure(method)))
            left.append((method, why))
        else:
            chosen.append(method)
    return ChosenMethods(tuple(chosen), tuple(done), tuple(left), tuple(stops))


def _asked(stage: AdoptedStage, names: Sequence[str]) -> Iterator[str]:
    known = {one.name: one for one in stage.methods}
    for name in names:
        verb, _, path = " ".join(name.split()).partition(" ")
        found = known.get(f"{verb.upper()} {path}")
        if found is None:
            some = ", ".join(sorted(one.name for one in stage.guarded)[:5])
            raise Permanent(f"--method {name!r}: the API has no such method (it has {some} ...)")
        if found.is_preflight:
            raise Permanent(f"--method {name!r}: a preflight carries no credential: leave it out")
        yield found.name


def _why_not(
    stage: AdoptedStage, method: GatewayMethod, order: AdoptionOrder, asked: Collection[str]
) -> str:
    """Empty where the authorizer of the method may be replaced."""
    names = {one.authorizer_id: one.name for one in stage.authorizers}
    match method.authorization:
        case "AWS_IAM":
            return "is signed with IAM: our authorizer reads no signature"
        case "COGNITO_USER_POOLS":
            if method.has_scopes or method.name not in asked:
                return "asks Cognito"
        case _:
            pass
    if not order.replace_authorizers:
        name = names.get(method.authorizer_id or "", method.authorizer_id)
        return f"asks the authorizer {name}"
    return ""


def _cure(method: GatewayMethod) -> str:
    if method.authorization == "AWS_IAM" or method.has_scopes:
        return "leave it out of --method: it is metered all the same"
    return "leave it out of --method, or --replace-authorizers: its own authorizer then ends"
