"""How a run ends that keeps not all of its promises."""


class BrokenPromiseError(AssertionError):
    """An invariant does not hold: the run ends here."""
