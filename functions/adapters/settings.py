"""Environment variables -> the frozen settings of one function.

Each function declares a subclass of `Settings` that lists exactly the variables it reads: the
field `usage_queue_url` is the variable USAGE_QUEUE_URL. Units stand in the names.
"""

import os
from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, ValidationError

from functions.usage.errors import SettingsError


class Settings(BaseModel):
    """The variables that one function reads. No defaults for identity or secrets."""

    model_config = ConfigDict(frozen=True, extra="ignore", str_strip_whitespace=True)


def read_settings[S: Settings](kind: type[S], environment: Mapping[str, str] = os.environ) -> S:
    """The settings in `environment`. SettingsError names each missing or wrong variable.

    A variable that is empty is missing: CloudFormation sets empty ones where nothing was given.
    """
    names = {name.upper(): name for name in kind.model_fields}
    found = {names[key]: value for key, value in environment.items() if key in names}
    found = {name: value for name, value in found.items() if value.strip()}
    try:
        return kind.model_validate(found)
    except ValidationError as error:
        # Only where there is a fault: no cold start pays for the words.
        from functions.usage.plain_faults import plain_fault  # noqa: PLC0415

        said = []
        for fault in error.errors(include_url=False, include_input=False):
            place = [str(part).upper() for part in fault["loc"]]
            is_absent = fault["type"] == "missing"
            words = "is not set" if is_absent else plain_fault(fault, shows_given=False)
            said.append(": ".join([*place, words.removesuffix(", without quotes")]))
        raise SettingsError.of_environment(said) from None
