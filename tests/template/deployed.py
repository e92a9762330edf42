"""Which resources of the template a deployment has: parameters come in, resources leave."""

from collections.abc import Mapping
from typing import Any

from tests.template.stack import template


def deployed(kind: str, parameters: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """The resources of one type whose condition holds with these parameters and the defaults."""
    defaults = {
        name: str(parameter.get("Default", ""))
        for name, parameter in template()["Parameters"].items()
    }
    given = Given({**defaults, **parameters})
    return {
        name: resource
        for name, resource in template()["Resources"].items()
        if resource["Type"] == kind
        and ("Condition" not in resource or given.holds({"Condition": resource["Condition"]}))
    }


class Given:
    """CloudFormation's conditions, as far as ours go; NotImplementedError names another."""

    def __init__(self, parameters: Mapping[str, str]) -> None:
        self._parameters = parameters

    def holds(self, said: Any) -> bool:
        """Whether a condition function is true."""
        match said:
            case {"Condition": name}:
                return self.holds(template()["Conditions"][name])
            case {"Fn::Not": [one]}:
                return not self.holds(one)
            case {"Fn::And": several}:
                return all(map(self.holds, several))
            case {"Fn::Or": several}:
                return any(map(self.holds, several))
            case {"Fn::Equals": [one, other]}:
                return bool(self._value(one) == self._value(other))
        message = f"a condition that is not understood here: {said}"
        raise NotImplementedError(message)

    def _value(self, said: Any) -> Any:
        return self._parameters[said["Ref"]] if isinstance(said, dict) else said
