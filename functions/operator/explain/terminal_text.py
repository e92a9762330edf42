"""Text of a log comes in; what a terminal may be given leaves."""


def printable(text: str) -> str:
    """On one line; a sign that is not printable could command the terminal."""
    return "".join(sign if sign.isprintable() else "?" for sign in " ".join(text.split()))
