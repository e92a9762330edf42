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
        faults = "; ".join(
            ": ".join([*(str(part).upper() for part in fault["loc"]), fault["msg"]])
            for fault in error.errors(include_url=False, include_input=False)
        )
        message = f"the function's environment is not usable: {faults}"
        raise SettingsError(message) from None
