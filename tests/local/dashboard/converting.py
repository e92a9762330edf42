"""An SVG file comes in, a PNG file leaves, by whichever program of this machine can do it."""

import shutil
import subprocess
from pathlib import Path

# Each takes the picture and where to put it. Not ImageMagick alone: it asks one of the others.
PROGRAMS = {
    "resvg": ("{svg}", "{png}"),
    "rsvg-convert": ("--output", "{png}", "{svg}"),
    "inkscape": ("--export-filename={png}", "{svg}"),
}


class NoProgramError(RuntimeError):
    """There is none; the message says which would do."""


def convert(svg: Path, png: Path) -> None:
    """Write `png` anew."""
    found = next((name for name in PROGRAMS if shutil.which(name)), None)
    if found is None:
        message = (
            f"a PNG needs one of {', '.join(PROGRAMS)}: {svg} is drawn, and a browser shows it"
        )
        raise NoProgramError(message)
    places = [part.format(svg=svg, png=png) for part in PROGRAMS[found]]
    subprocess.run([found, *places], check=True)
