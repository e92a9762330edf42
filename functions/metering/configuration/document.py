"""What every part of the configuration document is: frozen, in camelCase, without unknown names."""

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic.alias_generators import to_camel


class Document(BaseModel):
    """A misspelt name is refused: it would silently bill by a default."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel)

    @model_validator(mode="before")
    @classmethod
    def _as_an_object(cls, given: object) -> object:
        """Pydantic, while it reads JSON, drops a name that is spelt as the attribute is
        (`excluded_paths`). Of an object it refuses it, and a validator before makes it one.
        """
        return given
