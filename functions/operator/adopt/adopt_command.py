"""`aforo-metering adopt`: an API that is there already is metered, then guarded, in three phases.

Without --apply it reads and prints. Exit status: 0 nothing stands in the way, or it was done; 1
something does, and it is named; 2 the question was not understood.
"""

import time
from typing import Annotated

from cyclopts import Parameter

from functions.operator.adopt.adopted_stage import Maker
from functions.operator.adopt.adoption_apply import look_and_apply
from functions.operator.adopt.adoption_order import AdoptionOrder, Phase
from functions.operator.adopt.adoption_undo import take_back
from functions.operator.adopt.carrying_out import TakingUp
from functions.operator.adopt.key_customers import customers_of_keys
from functions.operator.adopt.opened_adoption import open_adoption
from functions.operator.deployment.place import HERE, Place
from functions.operator.plain_option import PLAIN
from functions.usage.errors import Permanent

_AT_ONCE = TakingUp(0, 0)


def adopt(
    *,
    api: Annotated[str, Parameter(help="id of the REST API")],
    stage: Annotated[str, Parameter(help="its stage")],
    phase: Annotated[
        Phase | None,
        Parameter(help="meter (default): no caller notices; shadow: nobody is refused; enforce"),
    ] = None,
    method: Annotated[
        list[str], PLAIN, Parameter(help='to guard, as "GET /orders"; may be repeated')
    ] = [],  # noqa: B006 - read only
    customer: Annotated[
        list[str], PLAIN, Parameter(help="KEY_ID=CUSTOMER: whose an API key is; may be repeated")
    ] = [],  # noqa: B006 - read only
    apply: Annotated[bool, PLAIN, Parameter(help="make the changes; without it: the plan")] = False,
    undo: Annotated[
        bool, PLAIN, Parameter(help="take back the last phase; with --phase, that and all after")
    ] = False,
    replace_authorizers: Annotated[
        bool, PLAIN, Parameter(help="guard methods that ask another authorizer, which then ends")
    ] = False,
    replace_format: Annotated[
        bool, PLAIN, Parameter(help="format v1 instead of a log format that is no JSON")
    ] = False,
    deploy_pending: Annotated[
        bool, PLAIN, Parameter(help="deploy what others have changed, or may have changed, too")
    ] = False,
    made_by: Annotated[
        Maker | None, Parameter(help="what made the API, where its tags do not tell")
    ] = None,
    even_so: Annotated[
        bool, PLAIN, Parameter(help="change an API of a tool, whose next deploy takes it back")
    ] = False,
    no_wait: Annotated[
        bool, PLAIN, Parameter(help="do not wait until metering and the stage follow (80 s)")
    ] = False,
    place: Place = HERE,
) -> int:
    """One stage."""
    if apply and undo:
        raise Permanent("--apply, --undo: give one of them")
    order = AdoptionOrder(
        phase=phase or "meter",
        methods=method,
        customers=customers_of_keys(customer),
        replace_authorizers=replace_authorizers,
        replace_format=replace_format,
        deploy_pending=deploy_pending,
        is_applied=apply,
        is_of_hand=even_so,
        now_ms=time.time_ns() // 1_000_000,
    )
    opened = open_adoption(api, stage, place)
    taking_up = _AT_ONCE if no_wait else TakingUp()
    if undo:
        return take_back(opened, order, phase, taking_up)
    return look_and_apply(opened, order, made_by, taking_up)
