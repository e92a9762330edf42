"""The command to run next, after a plan and after an apply."""

from collections.abc import Iterator

from functions.operator.adopt.adopted_stage import AdoptedStage
from functions.operator.adopt.adoption_order import PHASES, AdoptingStack, AdoptionOrder
from functions.operator.adopt.plan_text import unknown_keys

_COMMAND = "aforo-metering adopt"


def after_plan(stage: AdoptedStage, ours: AdoptingStack, order: AdoptionOrder) -> Iterator[str]:
    """How to apply it; and first, whose the API keys are."""
    yield ""
    yield from _of_keys(stage, ours, order)
    yield f"apply: {_applying(stage, ours, order)}"


def after_apply(stage: AdoptedStage, ours: AdoptingStack, order: AdoptionOrder) -> Iterator[str]:
    """The next phase, and the way back."""
    yield from _of_keys(stage, ours, order)
    later = PHASES[PHASES.index(order.phase) + 1 :]
    if later:
        yield f"next: {_of_phase(stage, ours, later[0])}"
    yield f"back: {_command(stage, ours)} --undo"


def after_half_way(stage: AdoptedStage, ours: AdoptingStack, order: AdoptionOrder) -> Iterator[str]:
    """Both ways out are safe: the record says what may stand there."""
    yield f"complete: {_applying(stage, ours, order)}"
    yield f"or back: {_command(stage, ours)} --undo"


def _applying(stage: AdoptedStage, ours: AdoptingStack, order: AdoptionOrder) -> str:
    """What was asked, once more."""
    return " ".join([_of_phase(stage, ours, order.phase), *_options(order), "--apply"])


def _options(order: AdoptionOrder) -> Iterator[str]:
    yield from (f'--method "{name}"' for name in order.methods)
    yield from (f"--customer {key}={customer}" for key, customer in order.customers.items())
    flags = {
        "--replace-authorizers": order.replace_authorizers,
        "--replace-format": order.replace_format,
        "--deploy-pending": order.deploy_pending,
        "--even-so": order.is_of_hand,
    }
    yield from (flag for flag, is_on in flags.items() if is_on)


def _of_keys(stage: AdoptedStage, ours: AdoptingStack, order: AdoptionOrder) -> Iterator[str]:
    unknown = unknown_keys(stage, ours, order)
    if unknown:
        yield (
            f"{len(unknown)} API keys have no customer: their requests are quarantined"
            " (undeclared_customer or no_customer), and billed by a replay once they have one."
        )
        yield f"  --customer {unknown[0]}=CUSTOMER names one;"
        yield "  aforo-metering customers import --from-usage-plan --to FILE lists them all"


def _of_phase(stage: AdoptedStage, ours: AdoptingStack, phase: str) -> str:
    return f"{_command(stage, ours)} --phase {phase}"


def _command(stage: AdoptedStage, ours: AdoptingStack) -> str:
    return f"{_COMMAND} --api {stage.api_id} --stage {stage.stage}{ours.option}"
