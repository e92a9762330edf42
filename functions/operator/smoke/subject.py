"""The stack that is tried: a demo stack of one's own, or the running local cloud."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from functions.operator.aws_session import aws_session
from functions.operator.deployment.deployment import Deployment, TargetError
from functions.operator.deployment.local_cloud import read_endpoints_file
from functions.operator.deployment.place import Place
from functions.operator.deployment.stack_outputs import deployed_stack
from functions.operator.deployment.stack_resources import stack_resources

if TYPE_CHECKING:
    from boto3 import Session

POLL_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """`resources` are physical ids by logical id; `patience` stretches or cuts every wait."""

    stack: str
    session: "Session" = field(repr=False)
    deployment: Deployment
    resources: Mapping[str, str]
    api_url: str
    is_local: bool
    may_delete: bool = False
    patience: float = 1.0

    def output(self, name: str) -> str:
        """TargetError where the stack has no output of that name."""
        return self.deployment.output(name)

    def wait[Found](self, look: Callable[[], Found | None], seconds: float) -> Found | None:
        """What `look` finds within the time; None: nothing."""
        deadline = time.monotonic() + seconds * self.patience
        while True:
            found = look()
            if found is not None or time.monotonic() >= deadline:
                return found
            time.sleep(POLL_SECONDS)


def find_subject(place: Place, patience: float, *, may_delete: bool) -> Subject:
    """TargetError: no such stack, or one without the demo API, whose customers may be real."""
    endpoints = read_endpoints_file(place.endpoints) if place.stack is None else None
    stack = place.stack or (endpoints or {}).get("stack_name")
    if stack is None:
        raise TargetError(f"--endpoints {place.endpoints} is not what `make local` writes")
    deployment = deployed_stack(stack)
    url = deployment.outputs.get("DemoApiUrl")
    if url is None:
        fix = "deploy one for it: make deploy PARAMETERS='DemoApi=true ...'"
        raise TargetError(f"--stack {stack} has no demo API, and its customers may be real: {fix}")
    session = aws_session(deployment.region)
    return Subject(
        stack=stack,
        session=session,
        deployment=deployment,
        resources=stack_resources(session.client("cloudformation"), stack).physical_ids(),
        api_url=str(endpoints["api_url"]) if endpoints else url,
        is_local=endpoints is not None,
        may_delete=may_delete,
        patience=patience,
    )
