"""What a model is that reads an object from outside by camelCase names: no name that it is given is
dropped unsaid.

Pydantic 2.13, while it reads JSON, drops a name that is spelt as the attribute is
(`excluded_paths`): misspelt, it would silently mean the default.
"""

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic.alias_generators import to_camel


class FromOutside(BaseModel):
    """A name that is spelt as the attribute is refused, also where other names may stand."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel)

    @model_validator(mode="before")
    @classmethod
    def _as_an_object(cls, given: object) -> object:
        """Of an object pydantic refuses such a name itself, and a validator before makes it one."""
        if isinstance(given, dict) and cls.model_config.get("extra") != "forbid":
            for name, field in cls.model_fields.items():
                if name in given and name != field.alias:
                    raise ValueError(f"{name} is no name here: write {field.alias}")
        return given
