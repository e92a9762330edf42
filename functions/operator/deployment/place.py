"""The options that say which deployment a command is about, the same for every command."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Group, Parameter

from functions.operator.deployment.deployment import Deployment
from functions.operator.deployment.local_cloud import LOCAL_ENDPOINTS, local_cloud
from functions.operator.deployment.stack_outputs import deployed_stack

_GROUP = Group("Which deployment", sort_key=90)


@Parameter(name="*", group=_GROUP)
@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A deployed stack, or the local cloud that runs here."""

    stack: Annotated[
        str | None,
        Parameter(
            env_var="AFORO_STACK",
            help="name of a deployed stack; without it: the running local cloud",
        ),
    ] = None
    endpoints: Annotated[Path, Parameter(help="the local cloud's endpoints.json")] = LOCAL_ENDPOINTS


HERE = Place()


def find_deployment(place: Place) -> Deployment:
    """TargetError names the option and what to give."""
    if place.stack is None:
        return local_cloud(place.endpoints)
    return deployed_stack(place.stack)
