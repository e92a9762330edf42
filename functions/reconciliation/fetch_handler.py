"""The fetch's entry point, outside the VPC: the reconcile state machine asks, Aforo answers.

The outcome is returned, never raised: an Aforo that is away is no failure of the machine.
"""

import time
from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from functions.adapters.aforo_credential import AforoCredential
from functions.adapters.aforo_http import Caller, aforo_client
from functions.adapters.aws import secrets_client
from functions.adapters.settings import read_settings
from functions.adapters.telemetry import Telemetry
from functions.reconciliation.answers import Question
from functions.reconciliation.fetch import Fetch
from functions.reconciliation.fetch_api import FetchApi, Places
from functions.reconciliation.fetch_settings import FetchSettings

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


def handler(question: Mapping[str, object], context: "LambdaContext") -> dict[str, object]:
    """AWS Lambda's entry point."""
    wired = _wired()
    try:
        answers = wired.fetch.ask(
            Question.model_validate(question),
            seconds_left=lambda: context.get_remaining_time_in_millis() / 1000,
        )
    finally:
        wired.telemetry.flush()
    return {
        "outcome": "unanswered" if answers.is_empty else "answered",
        "answers": answers.model_dump(mode="json", by_alias=True, exclude_none=True),
    }


class Wired(NamedTuple):
    """What lives as long as the process."""

    fetch: Fetch
    telemetry: Telemetry


@cache
def _wired() -> Wired:
    settings = read_settings(FetchSettings)
    telemetry = Telemetry("reconciliation")
    api = FetchApi(
        _places(settings),
        AforoCredential(secrets_client(), settings.aforo_secret_arn, time.monotonic),
        Caller(settings.aforo_tenant_id, settings.aforo_key_header),
        settings.quota_metric_name,
        pause=_pause_between(1 / settings.questions_per_second),
    )
    fetch = Fetch(api, telemetry, lambda: time.time_ns() // 1_000_000)
    return Wired(fetch, telemetry)


def _places(settings: FetchSettings) -> Places:
    hosts, guard, keys = settings.allowed_hosts, None, None
    quota = aforo_client(settings.aforo_api_url, hosts, "AFORO_API_URL")
    if settings.aforo_pricing_url:
        guard = aforo_client(settings.aforo_pricing_url, hosts, "AFORO_PRICING_URL")
    if settings.aforo_jwks_url:
        # It gets no key: whichever host the deployment names.
        keys = aforo_client(settings.jwks_base_url, [settings.jwks_host], "AFORO_JWKS_URL")
    return Places(quota, guard, keys, settings.jwks_path)


def _pause_between(seconds: float) -> Callable[[], None]:
    """Waits until so much time lies between the starts of two questions."""
    earliest = 0.0

    def pause() -> None:
        nonlocal earliest
        now = time.monotonic()
        if now < earliest:
            time.sleep(earliest - now)
        earliest = max(now, earliest) + seconds

    return pause
