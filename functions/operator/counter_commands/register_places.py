"""A command -> its places in the register: the thing that it is of, and which command of that.

Names sort as versions do, so of one thing the command with the greatest name stands.
"""

from hashlib import sha256
from typing import NamedTuple

from functions.reconciliation.commands import (
    CredentialCommand,
    GrantCommand,
    JwksCommand,
    RevocationCommand,
    StandingCommand,
)
from functions.usage.message import to_body

PREFIX = "register/"
# Objects of many commands. No kind of command is called so.
SEGMENTS = f"{PREFIX}segments/"
_VERSION_DIGITS = 16  # of 2**53


class RegisterPlace(NamedTuple):
    """Where the commands of one thing stand, and which of them this is."""

    folder: str
    name: str

    @property
    def key(self) -> str:
        return f"{self.folder}{self.name}"


def places_of(command: StandingCommand, body: str) -> list[RegisterPlace]:
    """One, and a second for what outlives the command: a later one may not state it again."""
    version = command.until_ms if isinstance(command, RevocationCommand) else command.version
    name = f"{version:0{_VERSION_DIGITS}}-{sha256(body.encode()).hexdigest()[:16]}.json"
    places = [RegisterPlace(_folder(command.kind, _thing(command)), name)]
    if isinstance(command, GrantCommand) and command.allow_when_unknown is not None:
        # The customer's policy outlives the grant that stated it, if the next one does not.
        places.append(RegisterPlace(_folder("policy", [command.customer_id]), name))
    return places


def _thing(command: StandingCommand) -> list[str | None]:
    match command:
        case GrantCommand():
            return [command.customer_id, command.meter]
        case CredentialCommand():
            return [command.api_key_sha256]
        case RevocationCommand():
            return [command.jti, command.key_id]
        case JwksCommand():
            return []
        case _:
            return [command.customer_id]


def _folder(kind: str, thing: list[str] | list[str | None]) -> str:
    # An id may hold slashes; a digest has one length and sorts nowhere in particular.
    return f"{PREFIX}{kind}/{sha256(to_body(thing).encode()).hexdigest()[:32]}/"
