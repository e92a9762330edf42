"""A stage as it is and a plan come in; the lines that a person reads before he applies it leave."""

from collections import Counter
from collections.abc import Iterator, Mapping

from functions.operator.adopt.adopted_stage import AdoptedStage
from functions.operator.adopt.adoption_order import MODE_VARIABLE, AdoptingStack, AdoptionOrder
from functions.operator.adopt.adoption_plan import AdoptionPlan
from functions.operator.adopt.caller_effects import caller_effects
from functions.operator.adopt.monthly_cost import (
    PAGE,
    dollars_a_million,
    dollars_a_month,
)
from functions.operator.adopt.told_words import some
from functions.operator.explain.terminal_text import printable
from functions.operator.preflight.log_group_checks import MOST_FILTERS

_WIDTH = 13
_SHOWN = 6


def plan_lines(
    stage: AdoptedStage, ours: AdoptingStack, order: AdoptionOrder, plan: AdoptionPlan
) -> Iterator[str]:
    """What is, what would change, what it means, what it costs, what stands in the way."""
    yield f'API {stage.api_id} "{printable(stage.api_name)}", stage {stage.stage}, {_maker(stage)}'
    yield from (_said(name, text) for name, text in _what_is(stage, ours, order, plan))
    yield ""
    yield f"would change, phase {order.phase}:" if plan.changes else "nothing to change"
    for number, change in enumerate(plan.changes, 1):
        yield f"  {number} {printable(change.name)}: {printable(change.words)}"
    yield from _kept(plan)
    yield ""
    yield "for callers:"
    yield from (f"  {line}" for line in caller_effects(stage, order, plan))
    yield ""
    yield f"cost: {_cost(stage, order)}"
    for stop in plan.stops:
        yield ""
        yield f"STOP {printable(stop.what)}"
        yield f"     {printable(stop.cure)}"


def _maker(stage: AdoptedStage) -> str:
    where = f" ({stage.made_in})" if stage.made_in else ""
    return f"made by {stage.made_by}{where}; {stage.account}, {stage.region}"


def _said(name: str, text: str) -> str:
    return f"  {name:<{_WIDTH}} {printable(text)}"


def _what_is(
    stage: AdoptedStage, ours: AdoptingStack, order: AdoptionOrder, plan: AdoptionPlan
) -> Iterator[tuple[str, str]]:
    yield "methods", _methods(stage, ours)
    yield "API keys", _keys(stage, ours, order)
    yield "log role", stage.account_role or "none"
    yield "log group", _group(stage)
    yield "log format", _format(stage, plan)
    if plan.metered_as and plan.metered_as.access_log:
        fields: Mapping[str, str] = plan.metered_as.access_log.get("fields", {})
        yield "read as", ", ".join(f"{fact} = {key}" for fact, key in fields.items())
    yield "undeployed", _pending(stage)
    answers = {name: stage.answers.get(name) for name in ("ACCESS_DENIED", "UNAUTHORIZED")}
    yield "refusals", ", ".join(f"{name} {_answer(one)}" for name, one in answers.items())
    yield "mode", stage.variables.get(MODE_VARIABLE, f"no stage variable {MODE_VARIABLE}")


def _methods(stage: AdoptedStage, ours: AdoptingStack) -> str:
    names = {one.authorizer_id: one for one in stage.authorizers}
    kinds: Counter[str] = Counter()
    for method in stage.guarded:
        asked = names.get(method.authorizer_id or "")
        whose = "ours" if asked and ours.is_ours(asked.uri) else asked.name if asked else ""
        kinds[f"{method.authorization} ({whose})" if whose else method.authorization] += 1
    said = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
    preflights = len(stage.methods) - len(stage.guarded)
    needing = sum(one.needs_key for one in stage.guarded)
    more = f"; {preflights} OPTIONS, left alone" if preflights else ""
    keys = f"; {needing} need an API key" if needing else ""
    return f"{len(stage.guarded)}: {said or 'none'}{keys}{more}"


def _keys(stage: AdoptedStage, ours: AdoptingStack, order: AdoptionOrder) -> str:
    if not stage.plans:
        return "no usage plan"
    unknown = unknown_keys(stage, ours, order)
    plans = ", ".join(plan.name or plan.plan_id for plan in stage.plans)
    many = "usage plan" if len(stage.plans) == 1 else "usage plans"
    said = f"{len(stage.key_ids)} in {len(stage.plans)} {many} ({plans})"
    return (
        f"{said}; no customer yet: {some(unknown, _SHOWN)}"
        if unknown
        else f"{said}, all customers'"
    )


def unknown_keys(stage: AdoptedStage, ours: AdoptingStack, order: AdoptionOrder) -> list[str]:
    """The keys whose requests would be quarantined: nobody says whose they are."""
    version = ours.configuration.in_force(order.now_ms)
    known = {*order.customers, *(version.customers if version else ())}
    return [key for key in stage.key_ids if key not in known]


def _group(stage: AdoptedStage) -> str:
    group = stage.log_group
    if group is None:
        return f"{stage.group_name or 'none'}, to be made" if stage.group_name else "none"
    readers = ", ".join(f"{one.name} -> {one.destination}" for one in group.filters)
    used = f"{len(group.filters)} of {MOST_FILTERS} subscription filters used"
    return f"{group.name}: {used}" + (f" ({readers})" if readers else "")


def _format(stage: AdoptedStage, plan: AdoptionPlan) -> str:
    if stage.access_log is None:
        return "no access log"
    if plan.format is None or plan.is_replacing_format:
        return "no JSON"
    if not plan.format.added:
        return "JSON, has all that billing needs"
    bare = f"; without quotes: {', '.join(plan.format.bare)}" if plan.format.bare else ""
    return f"JSON, lacks {', '.join(plan.format.added)}{bare}"


def _pending(stage: AdoptedStage) -> str:
    told = (
        "; ".join(stage.pending.changes)
        or "nothing, of what is compared (methods, who is asked, integrations, answers)"
    )
    untold = f"; not told: {'; '.join(stage.pending.untold)}" if stage.pending.untold else ""
    return f"{told}{untold}"


def _answer(one: Mapping[str, object] | None) -> str:
    return f"yours ({one.get('statusCode')})" if one else "API Gateway's own"


def _kept(plan: AdoptionPlan) -> Iterator[str]:
    if plan.methods is None:
        yield "would not change: methods, authorizers, deployments"
        return
    reasons: dict[str, list[str]] = {}
    for method, why in plan.methods.left:
        reasons.setdefault(why, []).append(method.name)
    for why, names in reasons.items():
        yield f"would not change: {printable(some(names, _SHOWN))}: {printable(why)}"


def _cost(stage: AdoptedStage, order: AdoptionOrder) -> str:
    served, is_guarded = stage.served_a_month, order.is_guarding
    if served is None:
        each = dollars_a_million(10**6, is_guarded=is_guarded)
        return (
            f"about ${each:.2f} for a million requests at a million a month, less at more ({PAGE});"
            " CloudWatch counts none of the last week"
        )
    dollars = dollars_a_month(served, is_guarded=is_guarded)
    return f"about ${dollars:.2f} a month for {served:,} requests, as of the last week ({PAGE})"
