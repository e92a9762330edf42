"""Environment variables -> settings: every fault is named at once, no value is shown."""

from typing import Annotated, Literal, Self

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, PositiveInt, ValidationError, model_validator

from functions.adapters.settings import Settings, read_settings
from functions.usage.errors import SettingsError


class Example(Settings):
    """Of every kind that our functions have."""

    queue_url: str
    secret_arn: str
    hold_seconds: PositiveInt
    source: Literal["access", "execution"] = "access"
    redis_user: str = ""
    events_per_post: Annotated[int, Field(ge=1, le=100)] = 100

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.hold_seconds > 1_000:
            raise ValueError("HOLD_SECONDS must be at most 1000")
        return self


GOOD = {"QUEUE_URL": "https://q", "SECRET_ARN": "arn:1", "HOLD_SECONDS": "60"}


def test_variables_become_fields() -> None:
    """With their types; blanks around them are nobody's intention."""
    found = read_settings(Example, {**GOOD, "QUEUE_URL": " https://q\n", "PATH": "/bin"})
    assert found == Example(queue_url="https://q", secret_arn="arn:1", hold_seconds=60)


@given(st.sets(st.sampled_from(sorted(GOOD)), min_size=1), st.sampled_from([None, "", " "]))
def test_everything_that_is_missing_is_named_at_once(missing: set[str], text: str | None) -> None:
    """Not one per deployment; and a variable that is set to nothing is missing."""
    environment = {name: text for name, text in GOOD.items() if name not in missing}
    environment |= {} if text is None else dict.fromkeys(missing, text)
    with pytest.raises(SettingsError) as raised:
        read_settings(Example, environment)
    message = str(raised.value)
    assert {name for name in GOOD if f"{name}: is not set" in message} == missing


def test_everything_that_is_wrong_is_named_with_the_fix_and_without_the_value() -> None:
    """Values may be secrets put into the wrong variable."""
    wrong = {**GOOD, "HOLD_SECONDS": "sk_live_1", "SOURCE": "sk_live_2", "EVENTS_PER_POST": "101"}
    with pytest.raises(SettingsError) as raised:
        read_settings(Example, wrong)
    message = str(raised.value)
    assert "HOLD_SECONDS: must be a whole number" in message
    assert "SOURCE: is none of access, execution" in message
    assert "EVENTS_PER_POST: must be at most 100" in message
    assert "sk_live" not in message


@pytest.mark.parametrize("name", ["HOLD_SECONDS", "EVENTS_PER_POST", "SOURCE"])
def test_a_secret_in_the_wrong_variable_is_not_repeated(name: str) -> None:
    """The error goes into the log of the function, where many may read it."""
    with pytest.raises(SettingsError) as raised:
        read_settings(Example, {**GOOD, name: "sk_live_0123456789"})
    assert name in str(raised.value)
    assert "sk_live" not in str(raised.value)


def test_a_rule_between_variables_says_what_it_is() -> None:
    """It belongs to no single one, so nothing stands before it."""
    with pytest.raises(SettingsError, match=r"not usable: HOLD_SECONDS must be"):
        read_settings(Example, {**GOOD, "HOLD_SECONDS": "1001"})


def test_what_may_be_empty_has_its_default() -> None:
    """The template passes an empty text where a resource is not made."""
    empty = {**GOOD, "REDIS_USER": "", "SOURCE": "", "EVENTS_PER_POST": ""}
    assert read_settings(Example, empty) == read_settings(Example, GOOD)


def test_settings_do_not_change() -> None:
    """They are read once for the life of an environment."""
    with pytest.raises(ValidationError, match="frozen"):
        read_settings(Example, GOOD).queue_url = "other"  # type: ignore[misc]
