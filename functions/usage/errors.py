"""What can go wrong, for the code that must choose between trying again and giving up.

    UsageError
    |-- Retryable    another try may cure it: the message or delivery comes again
    '-- Permanent    no try will: keep it where a person finds it, with the reason
        '-- SettingsError    the deployment is wrong: names the variable and the fix

Anything else that is raised is a bug, and stays loud. What is understood but not billed is no
error: it is a returned outcome (`functions.usage.outcome`).
"""

from collections.abc import Iterable


class UsageError(Exception):
    """Every error that this application raises on purpose."""


class Retryable(UsageError):  # noqa: N818 - says what the catcher does with it
    """Another try may cure it."""


class Permanent(UsageError):  # noqa: N818 - as above
    """No further try will cure it."""


class SettingsError(Permanent):
    """A function's environment is not usable; the message names each variable and its fault."""

    @classmethod
    def of_environment(cls, faults: Iterable[str]) -> "SettingsError":
        """Each of the faults names its variable."""
        said = f"the function's environment is not usable: {'; '.join(faults)}"
        return cls(f"{said}. Deploy the stack again: its template sets these variables")
