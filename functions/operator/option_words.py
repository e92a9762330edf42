"""What cyclopts found wrong with the words of a command line comes in; one line leaves that names
the option and what to write.
"""

from typing import get_args

from cyclopts import CoercionError, CycloptsError, MissingArgumentError

_FORMS = {
    int: "no whole number: write digits only, as 1000",
    float: "no number: write digits and a dot, as 0.5",
}


def told_option(error: CycloptsError) -> str:
    """Every option that is missing, at once."""
    if isinstance(error, MissingArgumentError):
        return _missing(error)
    if isinstance(error, CoercionError) and error.token is not None and error.argument is not None:
        kinds = {error.target_type, *get_args(error.target_type)}
        form = next((words for kind, words in _FORMS.items() if kind in kinds), error.msg)
        if form:
            return f"{error.argument.name}: {error.token.value!r} is {form}"
    # Who is told what was meant needs no list of all commands.
    said, _, others = str(error).partition(" Available commands: ")
    return said if others and "Did you mean" in said else str(error)


def _missing(error: MissingArgumentError) -> str:
    if error.keyword is not None or error.app is None or error.argument is None:
        name = error.argument.name if error.argument else "an option"
        return f"{name}: give a value behind it"
    # A value stands behind its option or behind an equals sign.
    given = {word.partition("=")[0] for word in error.root_input_tokens or ()}
    needed = [one for one in error.app.assemble_argument_collection() if one.required]
    names = [one.name for one in needed if not given & set(one.names)]
    # What has no option is a word at its place.
    absent = names if error.argument.name in names else [error.argument.name]
    return f"{', '.join(absent)}: {'is' if len(absent) == 1 else 'are'} needed"
