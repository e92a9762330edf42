"""`python -m functions.operator`: as `aforo-metering`."""

import sys

from functions.operator.command_line import main

sys.exit(main())
