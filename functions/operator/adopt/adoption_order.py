"""What a person asked of an adoption, and what of ours the API is to be connected with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from functions.metering.configuration.version import Configuration
from functions.operator.adopt.adopted_source import ConfigurationDocument
from functions.operator.stage_export import invokes

type Phase = Literal["meter", "shadow", "enforce"]

PHASES: tuple[Phase, ...] = ("meter", "shadow", "enforce")
MODE_VARIABLE = "aforoMode"
# Where a credential is looked for; the first is the template's default.
HEADER_OF_TOKENS = "authorization"


@dataclass(frozen=True, slots=True, kw_only=True)
class AdoptionOrder:
    """`methods` empty: all that have no authorizer."""

    phase: Phase = "meter"
    methods: Sequence[str] = ()
    customers: Mapping[str, str] = field(default_factory=dict)  # by API key id
    replace_authorizers: bool = False
    replace_format: bool = False
    deploy_pending: bool = False
    is_applied: bool = False
    is_of_hand: bool = False  # a tool's API is changed all the same
    now_ms: int = 0

    @property
    def is_guarding(self) -> bool:
        """Whether the authorizer is to be asked."""
        return self.phase != "meter"


@dataclass(frozen=True, slots=True, kw_only=True)
class AdoptingStack:
    """A deployed stack of this application, as far as an API is connected with it."""

    name: str
    metering_arn: str
    authorizer_arn: str  # of the alias
    configuration: Configuration
    document: ConfigurationDocument  # what the configuration was read from
    credential_header: str = HEADER_OF_TOKENS
    lets_in: Sequence[str] = ()  # source ARNs that may invoke the alias
    unusable: str = ""  # why the newest configuration is not in use
    option: str = ""  # that names it on a command line; empty of the local cloud

    def authorizer_uri(self, region: str, partition: str) -> str:
        """As an authorizer of API Gateway names it."""
        path = "lambda:path/2015-03-31/functions"
        return f"arn:{partition}:apigateway:{region}:{path}/{self.authorizer_arn}/invocations"

    def is_ours(self, authorizer_uri: str) -> bool:
        """Whether an authorizer of an API is this stack's, by its function."""
        return invokes(authorizer_uri, self.authorizer_arn.rpartition(":")[0])
