"""Redis as the authorizer's reader sees it, in memory, with its failures as knobs."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from functions.authorizer.redis_connection import Command
from functions.authorizer.redis_link import LinkError, Reply


@dataclass
class CounterStore:
    """Takes the place of a `RedisLink`; `fault` is the reason with which it fails."""

    strings: dict[str, str] = field(default_factory=dict)
    hashes: dict[str, dict[str, str]] = field(default_factory=dict)
    fault: str = ""
    exchanges: list[list[Command]] = field(default_factory=list)

    def exchange(
        self, commands: Sequence[Command], deadline: float, *, forgiven: int = 0
    ) -> list[Reply]:
        self.exchanges.append(list(commands))
        if self.fault:
            raise LinkError(self.fault)
        return [
            self._forgiving(*command)
            if place >= len(commands) - forgiven
            else self._answer(*command)
            for place, command in enumerate(commands)
        ]

    def _forgiving(self, verb: str, key: str, *names: str) -> Reply:
        try:
            return self._answer(verb, key, *names)
        except LinkError:
            return None

    def _answer(self, verb: str, key: str, *names: str) -> Reply:
        if (verb == "GET" and key in self.hashes) or (verb[0] == "H" and key in self.strings):
            raise LinkError("redis_wrongtype")
        match verb:
            case "GET":
                return self.strings.get(key)
            case "EXISTS":
                return int(key in self.strings)
            case "HMGET":
                return [self.hashes.get(key, {}).get(name) for name in names]
            case "HVALS":
                return list(self.hashes.get(key, {}).values())
        raise LinkError(f"redis_err_{verb}")
