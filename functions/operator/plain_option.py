"""How a flag, and an option that may be repeated, look in a help: without `--no-...` and `[]`."""

from cyclopts import Parameter

PLAIN = Parameter(negative=(), show_default=False)
