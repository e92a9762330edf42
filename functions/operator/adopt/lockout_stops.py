"""The methods that are to ask our authorizer come in; whom it would lock out that no shadow shows
leaves, as STOP lines. Pure.
"""

from collections.abc import Iterator, Sequence

from functions.operator.adopt.adopted_stage import PREFLIGHT, AdoptedStage, GatewayMethod
from functions.operator.adopt.adoption_order import MODE_VARIABLE, AdoptionOrder
from functions.operator.adopt.stop_line import StopLine

_EVERY_VERB = "ANY"


def stops_of_lockout(
    stage: AdoptedStage, order: AdoptionOrder, chosen: Sequence[GatewayMethod]
) -> Iterator[StopLine]:
    """`chosen` asks nobody of ours yet; where the order names methods, it holds no other one."""
    for_preflights = [*_answering_preflights(stage, chosen)]
    if for_preflights and not order.methods:
        yield StopLine(
            f"{', '.join(for_preflights)}: no OPTIONS method stands beside it, so it answers"
            " browsers' preflights too, which carry no credential: they would be refused",
            "make an OPTIONS method there, or name it by --method if no browser calls it",
        )
    needing = [one.name for one in chosen if one.needs_key]
    if needing and stage.has_keys_of_authorizer:
        yield StopLine(
            f"{', '.join(needing)}: the API takes API keys from the authorizer (apiKeySource), and"
            " ours names one for the customers alone whose usage plan it knows: others get 403",
            "leave it out of --method: it is metered all the same",
        )
    if chosen and stage.without_mode:
        names = ", ".join(stage.without_mode)
        yield StopLine(
            f"methods belong to all stages of an API: {names} would ask the authorizer after"
            " the next deployment, in the mode that the stack was deployed with",
            _mode_of_others(stage),
        )


def _answering_preflights(stage: AdoptedStage, chosen: Sequence[GatewayMethod]) -> Iterator[str]:
    with_options = {one.path for one in stage.methods if one.verb == PREFLIGHT}
    for one in chosen:
        if one.verb == _EVERY_VERB and one.path not in with_options:
            yield one.name


def _mode_of_others(stage: AdoptedStage) -> str:
    value = f"op=replace,path=/variables/{MODE_VARIABLE},value=shadow"
    return (
        "say one of each (shadow, or enforce where that is meant): aws apigateway update-stage"
        f" --rest-api-id {stage.api_id} --stage-name {stage.without_mode[0]}"
        f" --patch-operations {value}"
    )
