"""Sabotages of the authorizer, and the quota's words that it decides by."""

from tests.sabotage.sabotage import Sabotage

SABOTAGES = (
    Sabotage(
        "a call is allowed at the headroom",
        "functions/authorizer/decision.py",
        "allowance.remaining <= _headroom",
        "allowance.remaining < _headroom",
        ("tests/unit/authorizer/test_decision.py",),
    ),
    Sabotage(
        "a cached answer's time is not held back",
        "functions/authorizer/decision.py",
        "rules.ttl_seconds + state.lag_seconds + age_seconds",
        "state.lag_seconds + age_seconds",
        (
            "tests/unit/authorizer/test_decision.py::test_how_long_an_answer_is_cached_is_held_back_too",
        ),
    ),
    Sabotage(
        "the lag is not held back",
        "functions/authorizer/decision.py",
        "rules.ttl_seconds + state.lag_seconds + age_seconds",
        "rules.ttl_seconds + age_seconds",
        ("tests/unit/authorizer/test_decision.py::test_what_is_in_flight_is_held_back",),
    ),
    Sabotage(
        "the margin guard lets the other share pass",
        "functions/authorizer/decision.py",
        "draw < state.guard_allow_percent",
        "draw >= state.guard_allow_percent",
        ("tests/unit/authorizer/test_decision.py::test_throttle_lets_a_share_pass",),
    ),
    Sabotage(
        "a closed account is served",
        "functions/authorizer/decision.py",
        (
            "        case Status.CLOSED:\n"
            "            return Deny(DenyCode.CUSTOMER_CLOSED, "
            "STANDING_RETRY_SECONDS)"
        ),
        ("        case Status.CLOSED:\n            return None"),
        ("tests/unit/authorizer/test_decision.py::test_decision_table",),
    ),
    Sabotage(
        "an unknown state is allowed",
        "functions/authorizer/decision.py",
        "rules.allow_when_unknown):",
        "True):",
        ("tests/unit/authorizer/test_decision.py::test_unknown_is_decided_by_the_plan",),
    ),
    Sabotage(
        "a suspended customer is served while nobody can tell",
        "functions/authorizer/decision.py",
        "refusal = _standing(last_known) if last_known else None",
        "refusal = None",
        ("tests/unit/authorizer/test_decision.py::test_unknown_is_decided_by_the_plan",),
    ),
    Sabotage(
        "a period covers the moment at which it ends",
        "functions/usage/quota.py",
        "self.start_ms <= epoch_ms < self.end_ms",
        "self.start_ms <= epoch_ms <= self.end_ms",
        ("tests/unit/authorizer/test_decision.py::test_decision_table",),
    ),
    Sabotage(
        "a fresh period keeps what the last one used",
        "functions/usage/quota.py",
        "limit=latest.limit, used=0,",
        "limit=latest.limit, used=latest.used,",
        ("tests/unit/usage/test_quota.py::test_a_period_that_nobody_counted_in_is_fresh",),
    ),
    Sabotage(
        "a fresh period begins a millisecond late",
        "functions/usage/quota.py",
        "epoch_ms < latest.end_ms",
        "epoch_ms <= latest.end_ms",
        ("tests/unit/usage/test_quota.py::test_a_period_that_nobody_counted_in_is_fresh",),
    ),
    Sabotage(
        "every month begins on its first",
        "functions/usage/period.py",
        "day=min(self.anchor_day, last_day)",
        "day=min(1, last_day)",
        ("tests/unit/usage/test_period.py::test_month_begins_on_its_anchor_day",),
    ),
    Sabotage(
        "a month begins a moment late",
        "functions/usage/period.py",
        "if start > moment:",
        "if start >= moment:",
        ("tests/unit/usage/test_period.py::test_month_begins_on_its_anchor_day",),
    ),
    Sabotage(
        "a token ends before its time",
        "functions/authorizer/claims.py",
        "if not now < expires_at + SKEW_SECONDS:",
        "if not now < expires_at - SKEW_SECONDS:",
        ("tests/unit/authorizer/test_attacks.py::test_clocks_may_differ_by_half_a_minute",),
    ),
    Sabotage(
        "a token for others is taken",
        "functions/authorizer/claims.py",
        "rules.audience not in _texts",
        "rules.audience in _texts",
        ("tests/unit/authorizer/test_attacks.py",),
    ),
    Sabotage(
        "a token that was verified outlives its end",
        "functions/authorizer/token.py",
        "if known is not None and now < known.expires_at:",
        "if known is not None:",
        ("tests/unit/authorizer/test_attacks.py::test_a_token_expires_while_it_is_remembered",),
    ),
    Sabotage(
        "any X-Tenant-Id is taken",
        "functions/authorizer/authorize.py",
        ('return None if named <= {identity.tenant_id} else RefusedCredential("tenant_header")'),
        ('return None if named or not named else RefusedCredential("tenant_header")'),
        ("tests/unit/authorizer/test_tenant_header.py",),
    ),
    Sabotage(
        "a revoked credential is served",
        "functions/authorizer/authorize.py",
        "        if found.revoked_by:",
        "        if found.revoked_by and False:",
        ("tests/unit/authorizer/test_attacks.py::test_a_revoked_token",),
    ),
    Sabotage(
        "an older copy of the counters is believed",
        "functions/authorizer/counter_read.py",
        "if number < self._generation:",
        "if number < 0:",
        ("tests/unit/authorizer/test_authorize.py",),
    ),
    Sabotage(
        "the last known state decides for ever",
        "functions/authorizer/last_known.py",
        "NUMBERS_SECONDS = 30.0",
        "NUMBERS_SECONDS = 3000.0",
        ("tests/unit/authorizer/test_authorize.py",),
    ),
    Sabotage(
        "the breaker does not forget failures",
        "functions/authorizer/counter_read.py",
        ("    def succeeded(self) -> None:\n        self._failures = 0"),
        ("    def succeeded(self) -> None:\n        self._failures = self._failures"),
        ("tests/unit/authorizer/test_redis_breaker.py",),
    ),
    Sabotage(
        "a revoked API key is served again when Redis is lost",
        "functions/authorizer/api_key.py",
        "            self._known.forget(digest)\n",
        "            self._known.get(digest, now, KNOWN_SECONDS)\n",
        ("tests/unit/authorizer/test_attacks.py",),
    ),
)
