"""`python -m tests.site FOLDER`: the built site works without a network and a server, and
shows no Markdown as it was typed.

A folder comes in, a line for each fault leaves, and status 1 if there is one. `make docs` calls it.
"""

import sys
from pathlib import Path

from tests.site.loading import faults
from tests.site.unbuilt import unbuilt


def main(folder: Path) -> int:
    pages = sorted(folder.rglob("*.html"))
    if not pages:
        sys.stderr.write(f"site: no page in {folder}\n")
        return 1
    found = [fault for page in pages for fault in faults(folder, page)]
    found += [
        f"{page.relative_to(folder)}: shows as typed: {line}"
        for page in pages
        for line in unbuilt(page.read_text(encoding="utf-8"))
    ]
    sys.stderr.writelines(f"site: {fault}\n" for fault in found)
    if not found:
        sys.stdout.write(f"site: {len(pages)} pages, nothing from another host\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
