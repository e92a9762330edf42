"""A stage as it is today, in typed values: what the plan of an adoption decides by.

Nothing here asks AWS. Who reads it fills it in whole, or says what could not be read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from functions.operator.adopt.planned_change import Value

type Maker = Literal["hand", "cloudformation", "sam", "cdk", "terraform"]

# A client sends no credential with a preflight: an authorizer on it would end all browsers' calls.
PREFLIGHT = "OPTIONS"
# Of a method: it asks the authorizer that it names. Any other type names none.
WITH_AUTHORIZER = frozenset({"CUSTOM", "COGNITO_USER_POOLS"})


class GatewayMethod(NamedTuple):
    """One method as it is, not as it was deployed. `authorizer_id` only where one is asked."""

    resource_id: str
    path: str
    verb: str
    authorization: str = "NONE"
    authorizer_id: str | None = None
    needs_key: bool = False
    has_scopes: bool = False

    @property
    def name(self) -> str:
        """As a person writes it after --method."""
        return f"{self.verb} {self.path}"

    @property
    def is_preflight(self) -> bool:
        return self.verb == PREFLIGHT

    @property
    def asks_authorizer(self) -> bool:
        return self.authorization in WITH_AUTHORIZER


class GatewayAuthorizer(NamedTuple):
    """One authorizer of the API."""

    authorizer_id: str
    name: str
    uri: str = ""
    identity_source: str = ""
    ttl_seconds: int = 300


class UsagePlan(NamedTuple):
    """One usage plan of the stage, with the ids of its keys: never their values."""

    plan_id: str
    name: str
    key_ids: tuple[str, ...] = ()


class SubscriptionFilter(NamedTuple):
    """Who reads a log group."""

    name: str
    destination: str
    pattern: str = ""


class LogGroupState(NamedTuple):
    """The log group that the stage writes its access log to."""

    name: str
    log_class: str = "STANDARD"
    filters: tuple[SubscriptionFilter, ...] = ()


class Pending(NamedTuple):
    """What a deployment would put before callers beside our own changes. `untold`: what nobody can
    tell; the comparison is whole where it is empty.
    """

    changes: tuple[str, ...] = ()
    untold: tuple[str, ...] = ()


NOTHING_PENDING = Pending()


@dataclass(frozen=True, slots=True, kw_only=True)
class AdoptedStage:
    """One stage of a REST API."""

    api_id: str
    api_name: str
    stage: str
    region: str
    account: str
    partition: str = "aws"
    made_by: Maker = "hand"
    made_in: str = ""  # the stack, or the tag that says it
    methods: Sequence[GatewayMethod] = ()
    authorizers: Sequence[GatewayAuthorizer] = ()
    plans: Sequence[UsagePlan] = ()
    account_role: str = ""
    access_log: Mapping[str, str] | None = None  # destinationArn and format
    log_group: LogGroupState | None = None  # None: the one that is named is not there
    sharing: Sequence[str] = ()  # other stages of the API that log there
    without_mode: Sequence[str] = ()  # other stages of the API that do not say a mode
    variables: Mapping[str, str] = field(default_factory=dict)
    answers: Mapping[str, Value] = field(default_factory=dict)  # None: API Gateway's own
    deployment_id: str = ""
    asks_ours: Sequence[str] = ()  # methods that ask our authorizer as they were deployed
    pending: Pending = NOTHING_PENDING
    has_canary: bool = False
    has_policy: bool = False
    has_keys_of_authorizer: bool = False  # a usage plan's key is what the authorizer says
    served_a_month: int | None = None

    @property
    def group_name(self) -> str:
        """The log group of the access log, there or to be made; empty where it is no log group."""
        if self.access_log is None:
            return f"/aws/apigateway/{self.api_id}/{self.stage}"
        _, found, name = self.access_log["destinationArn"].partition(":log-group:")
        return name.removesuffix(":*") if found else ""

    @property
    def filters(self) -> tuple[SubscriptionFilter, ...]:
        """Of the log group; none where it is yet to be made."""
        return self.log_group.filters if self.log_group else ()

    @property
    def guarded(self) -> tuple[GatewayMethod, ...]:
        """Every method but the preflights."""
        return tuple(one for one in self.methods if not one.is_preflight)

    @property
    def key_ids(self) -> tuple[str, ...]:
        """Those of all usage plans, each once."""
        return tuple(dict.fromkeys(key for plan in self.plans for key in plan.key_ids))
