"""Redis as the authorizer's reader sees it, in memory, with its failures as knobs."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from functions.authorizer.redis_link import Command, LinkError, Reply


@dataclass
class CounterStore:
    """Takes the place of a `RedisLink`; `fault` is the reason with which it fails."""

    strings: dict[str, str] = field(default_factory=dict)
    hashes: dict[str, dict[str, str]] = field(default_factory=dict)
    fault: str = ""
    exchanges: list[list[Command]] = field(default_factory=list)

    def exchange(self, commands: Sequence[Command], deadline: float) -> list[Reply]:
        self.exchanges.append(list(commands))
        if self.fault:
            raise LinkError(self.fault)
        return [self._answer(*command) for command in commands]

    def _answer(self, verb: str, key: str, *names: str) -> Reply:
        match verb:
            case "GET":
                return self.strings.get(key)
            case "EXISTS":
                return int(key in self.strings)
            case "HMGET":
                return [self.hashes.get(key, {}).get(name) for name in names]
        raise LinkError(f"redis_err_{verb}")
