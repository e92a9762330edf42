"""Points in time that tests share."""

from datetime import UTC, datetime

NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
