"""The handler's own part: the environment it needs, and the answer it gives."""

import pytest

from functions.forwarder import handler as forwarder
from functions.usage.errors import SettingsError
from tests.fakes.lambda_context import lambda_context

REQUIRED = (
    "USAGE_QUEUE_URL",
    "USAGE_DEAD_LETTER_QUEUE_URL",
    "SETTLED_USAGE_QUEUE_URL",
    "LEDGER_BUCKET",
    "AFORO_BASE_URL",
    "AFORO_ALLOWED_HOSTS",
    "AFORO_TENANT_ID",
    "AFORO_SECRET_ARN",
)


def test_a_missing_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole batch fails, loudly, and comes back: nothing is read before the first call."""
    for name in REQUIRED:
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(SettingsError) as raised:
        forwarder.handler({"Records": []}, lambda_context("forwarder"))
    assert all(name in str(raised.value) for name in REQUIRED)


@pytest.mark.parametrize("url", ["http://ingest.aforo.ai", "https://elsewhere.example"])
def test_a_host_that_is_not_allowed_is_named(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """The key is not even read."""
    for name in REQUIRED:
        monkeypatch.setenv(name, "ingest.aforo.ai")
    monkeypatch.setenv("AFORO_BASE_URL", url)
    with pytest.raises(SettingsError, match="AFORO_BASE_URL"):
        forwarder.handler({"Records": []}, lambda_context("forwarder"))
