"""What an adoption means for those who call the API: a plan comes in, lines leave."""

from collections.abc import Iterator

from functions.operator.adopt.adopted_stage import AdoptedStage
from functions.operator.adopt.adoption_order import MODE_VARIABLE, AdoptionOrder
from functions.operator.adopt.adoption_plan import AdoptionPlan
from functions.operator.adopt.denial_answers import ORIGINS
from functions.operator.adopt.planned_change import ChangeKind

_ALSO_DENIED = "docs/how-to/attach-by-hand.md (Who else answers ACCESS_DENIED)"


def caller_effects(stage: AdoptedStage, order: AdoptionOrder, plan: AdoptionPlan) -> Iterator[str]:
    """One line at least."""
    if plan.methods is None:
        yield "nothing: no method, no answer and no deployment changes"
    elif order.phase == "shadow":
        yield "nobody is refused: the authorizer decides, and what it would refuse is counted"
        if stage.variables.get(MODE_VARIABLE) == "enforce":
            yield "the stage enforces today: that ends, for all of its methods"
        yield "each call waits for one more Lambda; where that cannot answer, callers get 500"
    else:
        yield "a bad or missing credential is answered 401, a spent quota 429, with a JSON body"
    if plan.methods is not None:
        yield from _of_answers(stage, plan)
        yield from _of_own_authorizers(stage, plan)
    if plan.is_replacing_format:
        yield "none of them; who reads the old log format finds another one"


def _of_answers(stage: AdoptedStage, plan: AdoptionPlan) -> Iterator[str]:
    if not any(change.kind is ChangeKind.ANSWER for change in plan.changes):
        return
    others = {one.authorization for one in stage.guarded} - {"NONE", "CUSTOM"}
    left = [method for method, _ in plan.methods.left] if plan.methods else []
    if stage.has_policy or others or any(one.asks_authorizer for one in left):
        yield f"whom somebody else denies (IAM, a policy, your authorizer) gets 429: {_ALSO_DENIED}"
    yield from _of_browsers(stage, plan)


def _of_browsers(stage: AdoptedStage, plan: AdoptionPlan) -> Iterator[str]:
    """An OPTIONS method says that they call."""
    if not any(one.is_preflight for one in stage.methods):
        return
    for change in plan.changes:
        headers = (change.after or {}).get("responseParameters", {})
        is_answer = change.kind is ChangeKind.ANSWER
        if is_answer and not any(name.casefold().startswith(ORIGINS) for name in headers):
            yield (
                f"browsers: {change.target['name']} has no Access-Control-Allow-Origin, so a page"
                " sees no status: give DEFAULT_4XX the header first, and it is taken over"
            )


def _of_own_authorizers(stage: AdoptedStage, plan: AdoptionPlan) -> Iterator[str]:
    chosen = plan.methods.chosen if plan.methods else ()
    names = {one.authorizer_id: one.name for one in stage.authorizers}
    for one in chosen:
        if one.asks_authorizer:
            name = names.get(one.authorizer_id or "", one.authorization)
            yield f"{one.name} is no longer decided by {name}"
