"""A request that is not let pass, or would not be in shadow: why, and whose it is."""

from dataclasses import dataclass

from functions.authorizer.decision import Allow, Deny
from functions.authorizer.identity import Identity, RefusedCredential
from functions.usage.quota import AuthorizerMode

# What a bad credential is called beside the codes of a Deny.
_BAD_CREDENTIAL = "UNAUTHORIZED"
_NOTHING_KNOWN = Allow()


@dataclass(frozen=True, slots=True)
class StoppedRequest:
    """`why` is a Deny (429) or a bad credential (401), which is nobody's. The rest is of a caller
    whom we verified: who it is, what it has left, its own mode. `unknown`: why its state, or who it
    is, could not be read.
    """

    why: Deny | RefusedCredential
    unknown: str = ""
    identity: Identity | None = None
    allow: Allow = _NOTHING_KNOWN
    mode: AuthorizerMode | None = None

    @property
    def code(self) -> str:
        return self.why.code.value if isinstance(self.why, Deny) else _BAD_CREDENTIAL

    def facts(self) -> dict[str, str]:
        """What a log line says of it."""
        reason = self.why.reason if isinstance(self.why, RefusedCredential) else self.unknown
        found = {"code": self.code, "reason": reason}
        if self.identity is not None:
            found["customerId"] = self.identity.customer_id
        return {name: value for name, value in found.items() if value}
