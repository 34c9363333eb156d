"""From landed lines to a published generation: compaction and all derived tables."""

from benchmarks.workplace import Goal, Section, Workplace, load, seconds, table


def measure(place: Workplace) -> Section:
    before = load()
    rows, goals = [], []
    for tickets in place.sizes:
        landed, published = place.built(tickets)
        count = sum(landed.answer["rows"].values())
        rows.append(
            [
                f"{tickets:,} tickets, {count:,} rows",
                seconds(published.wall),
                seconds(published.cpu),
                f"{published.peak_mb:.0f} MB",
                f"{count / landed.cpu:,.0f} rows a second, {landed.peak_mb:.0f} MB",
            ]
        )
    goals.append(Goal(f"Publish {place.sizes[-1]:,} tickets for the first time", f"{rows[-1][1]}, {rows[-1][3]}"))
    text = (
        "A single run each: the one that made the desks of this page. Landing is what a pull does with each page;"
        " its figure is by processor time and includes making the rows up.\n\n"
        + table(["first publication", "time", "processor", "peak memory", "landed before"], rows)
    )
    return Section("Publish", "publish", goals, text, (before, load()))
