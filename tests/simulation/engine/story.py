"""What happened in a run, as a person reads it: time since the beginning, who, what."""

from dataclasses import dataclass, field


@dataclass
class Story:
    """`begun` is in epoch seconds. A line is kept as its parts: few runs are ever read."""

    begun: float = 0.0
    lines: list[tuple[float, str, str]] = field(default_factory=list)

    def add(self, at: float, who: str, what: str) -> None:
        self.lines.append((at, who, what))

    def text(self, last: int = 0) -> str:
        """All of it, or the last lines."""
        return "\n".join(
            f"{_clock(at - self.begun)}  {who:<22} {what}" for at, who, what in self.lines[-last:]
        )


def _clock(seconds: float) -> str:
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours:02d}:{minutes:02d}:{rest:06.3f}"
