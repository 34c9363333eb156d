"""`python -m benchmarks` measures all and writes RESULTS.md; `python -m benchmarks items` measures one and prints it.

With --keep what is measured alone goes into RESULTS.md too, beside what the other sections found before.
"""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks import commands, items, publishing, pulling, results, scans, screens
from benchmarks.workplace import Section, Workplace

SECTIONS: dict[str, Callable[[Workplace], Section]] = {
    "items": items.measure,
    "pull": pulling.measure,
    "publish": publishing.measure,
    "commands": commands.measure,
    "screens": screens.measure,
    "scans": scans.measure,
}
SIZES = (100_000, 1_000_000)
TIMES = 3


def main() -> None:
    """Works in a temporary folder (3 GB for a million tickets) unless `--folder` names one to keep."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("section", nargs="*", choices=[[], *SECTIONS], help="default: all, into RESULTS.md")
    parser.add_argument("--tickets", type=int, nargs="+", default=SIZES, help="sizes of the desks, smallest first")
    parser.add_argument("--times", type=int, default=TIMES, help="rounds of what takes seconds")
    parser.add_argument("--folder", type=Path, help="where the desks are made, and stay")
    parser.add_argument("--keep", action="store_true", help="what is measured alone goes into RESULTS.md too")
    words = parser.parse_args()
    folder = words.folder or Path(tempfile.mkdtemp(prefix="deskaudit-bench-"))
    try:
        place = Workplace(folder, sorted(words.tickets), words.times)
        folder.mkdir(parents=True, exist_ok=True)
        for name, measure in SECTIONS.items():
            if words.section and name not in words.section:
                continue
            section = measure(place)
            if words.section:
                parts = (results.show_goals(section.goals), section.ratios, results.show(section))
                sys.stdout.write("\n\n".join(part for part in parts if part) + "\n")
            if words.keep or not words.section:
                results.keep(name, section)
        if words.keep or not words.section:
            results.write(list(SECTIONS))
    finally:
        if not words.folder:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
