"""A stage's access log: what GetStages says of it, and what a template declared."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.local.gateway.deployment import AccessLog
from tests.local.gateway.stage import StageLogs

GROUP = "arn:aws:logs:eu-west-1:123456789012:log-group:{}:*"
DECLARED = {"destinationArn": GROUP.format("declared"), "format": "$context.requestId"}
TOLD = {"destinationArn": GROUP.format("told"), "format": "$context.status"}


def stage(settings: dict[str, str] | None) -> dict[str, Any]:
    return {"stageName": "prod"} | ({} if settings is None else {"accessLogSettings": settings})


def test_until_get_stages_says_one_the_template_does() -> None:
    """A part that was changed replaces that part."""
    logs = StageLogs()
    declared = AccessLog(group="declared", template="$context.requestId")
    assert logs.read("api", stage({}), DECLARED).access_log == declared
    only_format = {"format": "$context.status"}
    assert logs.read("api", stage(only_format), DECLARED).access_log == AccessLog(
        group="declared", template="$context.status"
    )


def test_once_it_did_its_absence_counts() -> None:
    """For that stage of that API alone."""
    logs = StageLogs()
    assert logs.read("api", stage(TOLD), DECLARED).access_log == AccessLog(
        group="told", template="$context.status"
    )
    assert logs.read("api", stage(None), DECLARED).access_log is None
    assert logs.read("other", stage(None), DECLARED).access_log is not None


@given(st.sampled_from([{}, {"format": "x"}, {"destinationArn": GROUP.format("g")}]))
def test_half_a_setting_is_no_log(settings: dict[str, str]) -> None:
    """Where no template has the rest."""
    assert StageLogs().read("api", stage(settings), None).access_log is None
