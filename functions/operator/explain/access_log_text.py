"""Lines that are no JSON: whether a stage of API Gateway may have written them all the same."""

from functions.metering.access.format_family import recognise


def is_unknown_text(line: str) -> bool:
    """Whether nothing in the line says that it is of an access log. No line of such a family can be
    billed, but it is not to be called anything else.
    """
    return not recognise(line).is_access_log
