"""`python -m benchmarks` measures all and writes RESULTS.md; `python -m benchmarks items` measures one and prints it."""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

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
    words = parser.parse_args()
    folder = words.folder or Path(tempfile.mkdtemp(prefix="deskaudit-bench-"))
    started = perf_counter()
    try:
        place = Workplace(folder, sorted(words.tickets), words.times)
        folder.mkdir(parents=True, exist_ok=True)
        found = [measure(place) for name, measure in SECTIONS.items() if not words.section or name in words.section]
        if words.section:
            for section in found:
                parts = (results.show_goals(section.goals), section.ratios, results.show(section))
                sys.stdout.write("\n\n".join(part for part in parts if part) + "\n")
        else:
            results.write(found, place, perf_counter() - started)
    finally:
        if not words.folder:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
