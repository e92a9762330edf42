"""What the smoke test leaves alone: a stack that meters more than the demo."""

from typing import Any, cast

import pytest

from functions.operator.deployment.deployment import Deployment
from functions.operator.smoke.claim import NotTried
from functions.operator.smoke.failure_claims import a_failed_delivery_is_kept
from functions.operator.smoke.subject import Subject


def test_metering_of_others_is_not_broken() -> None:
    """Their deliveries would fail for minutes; each source that would is named."""
    sources = "demo-access=access:/demo,deployed=access:/prod"
    subject = Subject(
        stack="stack",
        session=cast("Any", None),  # nothing is asked
        deployment=Deployment("eu-west-1", {"DeployedSources": sources}, "no stack"),
        resources={},
        api_url="https://demo",
        is_local=False,
    )
    with pytest.raises(NotTried, match="deployed=access:/prod"):
        a_failed_delivery_is_kept(subject)
