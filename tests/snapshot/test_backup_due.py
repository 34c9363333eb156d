"""When backups were due, and how each went. Expected values are worked out by hand."""

from deskaudit.model.entities import BackupJob, BackupRun

DUE = "SELECT due_at, until_at, run_id, state FROM backup_due ORDER BY job_id, due_at"


def run(number, when, state="ok", job=1):
    return BackupRun(id=number, job_id=job, state=state, started_at=when)


def test_a_nightly_job(desk, at):
    reader = desk(
        [
            BackupJob(id=1, name="files", schedule="0 2 * * *"),
            run(1, at("2026-03-10 02:00")),
            run(2, at("2026-03-11 01:50")),  # a little early
            run(3, at("2026-03-12 02:00"), "failed"),
            run(4, at("2026-03-12 05:00")),  # tried again, and well
            # nothing on the 13th
            run(5, at("2026-03-14 15:00")),  # 13 hours late: past half the interval
        ],
        now=at("2026-03-15 03:00"),
    )
    day = 86400
    due = at("2026-03-10 02:00")
    assert reader.connection.execute(DUE).fetchall() == [
        (due, due + 43200, 1, "ok"),
        (due + day, due + day + 43200, 2, "ok"),
        (due + 2 * day, due + 2 * day + 43200, 4, "ok"),
        (due + 3 * day, due + 3 * day + 43200, None, "silent"),
        (due + 4 * day, due + 4 * day + 43200, None, "silent"),
        (due + 5 * day, due + 5 * day + 43200, None, "pending"),
    ]


def test_the_last_run_in_time_speaks_and_an_early_one_belongs_to_the_next_time(desk, at):
    reader = desk(
        [
            BackupJob(id=1, name="files", schedule="0 2 * * *", grace_s=86400),
            run(1, at("2026-03-10 02:00")),
            run(2, at("2026-03-10 12:00"), "partial"),
            run(3, at("2026-03-11 01:55"), "failed"),
        ],
        now=at("2026-03-11 10:00"),
    )
    found = [(run_id, state) for _due, _until, run_id, state in reader.connection.execute(DUE).fetchall()]
    assert found == [(2, "partial"), (3, "failed")]


def test_grace_of_the_job(desk, at):
    reader = desk(
        [
            BackupJob(id=1, name="files", schedule="0 2 * * *", grace_s=3600),
            run(1, at("2026-03-10 02:00")),
            run(2, at("2026-03-11 03:00")),  # the grace is over when it starts
        ],
        now=at("2026-03-11 12:00"),
    )
    assert [row[3] for row in reader.connection.execute(DUE).fetchall()] == ["ok", "silent"]


def test_an_interval_follows_the_runs(desk, at):
    start, hour = at("2026-03-10 00:00"), 3600
    reader = desk(
        [
            BackupJob(id=1, name="files", schedule="6h"),
            run(1, start),
            run(2, start + 6 * hour + 1200),  # each a little later than the one before: no gap arises
            run(3, start + 12 * hour + 2400),
            # none around 18:40 of the third
        ],
        now=start + 25 * hour,
    )
    rows = reader.connection.execute(DUE).fetchall()
    assert [(due - start, run_id, state) for due, _until, run_id, state in rows] == [
        (0, 1, "ok"),
        (6 * hour, 2, "ok"),
        (12 * hour + 1200, 3, "ok"),
        (18 * hour + 2400, None, "silent"),
        (24 * hour + 2400, None, "pending"),
    ]


def test_a_job_that_never_ran_is_silent_for_400_days(desk, at):
    reader = desk([BackupJob(id=1, name="files", schedule="1d")], now=at("2026-03-15 00:00"))
    found = reader.connection.execute(
        "SELECT state, COUNT(*), MIN(due_at) FROM backup_due GROUP BY state ORDER BY state"
    ).fetchall()
    # The 401st falls due now.
    assert found == [("pending", 1, at("2026-03-15 00:00")), ("silent", 400, at("2026-03-15 00:00") - 400 * 86400)]


def test_old_runs_are_not_asked_about(desk, at):
    now = at("2026-03-15 12:00")
    reader = desk([BackupJob(id=1, name="files", schedule="0 2 * * *"), run(1, now - 900 * 86400)], now=now)
    (count, first) = reader.connection.execute("SELECT COUNT(*), MIN(due_at) FROM backup_due").fetchone()
    assert count == 400
    assert first == at("2026-03-15 02:00") - 399 * 86400


def test_cron_runs_on_the_clock_of_its_zone(desk, at):
    reader = desk(
        [
            BackupJob(id=1, name="files", schedule="30 4 * * *", zone="Europe/Oslo"),
            run(1, at("2026-03-28 04:30", "Europe/Oslo")),
            run(2, at("2026-03-29 04:30", "Europe/Oslo")),  # an hour sooner by UTC: summer time began
        ],
        now=at("2026-03-29 12:00"),
    )
    rows = reader.connection.execute(DUE).fetchall()
    assert [row[0] for row in rows] == [at("2026-03-28 03:30"), at("2026-03-29 02:30")]
    assert [row[3] for row in rows] == ["ok", "ok"]


def test_ids_stay_when_it_is_derived_again(desk, at):
    rows = [BackupJob(id=1, name="files", schedule="0 2 * * *"), run(1, at("2026-03-10 02:00"))]
    before = desk(rows, now=at("2026-03-12 00:00")).connection.execute("SELECT id FROM backup_due").fetchall()
    after = desk(rows, now=at("2026-03-13 00:00")).connection.execute("SELECT id FROM backup_due").fetchall()
    assert len(before) == 2
    assert set(before) < set(after)
    assert len(set(after)) == 3


def test_jobs_without_schedule_are_not_due(desk):
    reader = desk([BackupJob(id=1, name="files"), BackupJob(id=2, name="mail", schedule=" ")])
    assert reader.connection.execute(DUE).fetchall() == []
    assert reader.filled("backup_due").state == "complete"


def test_a_schedule_that_cannot_be_read_marks_the_jobs_incomplete(desk, at):
    reader = desk(
        [
            BackupJob(id=1, name="files", schedule="at night"),
            BackupJob(id=2, name="mail", schedule="1d"),
            BackupJob(id=3, name="web", schedule="0 2 * * *", zone="Mars/Olympus"),
            run(1, at("2026-03-14 00:00"), job=2),
        ]
    )
    filled = reader.filled("backup_due")
    assert filled.state == "incomplete"
    assert '"at night" of files' in filled.message
    assert "of web" in filled.message
    assert reader.connection.execute("SELECT DISTINCT job_id FROM backup_due").fetchall() == [(2,)]


def test_a_long_history_raises_no_alarm_where_it_is_cut(desk, at):
    now, day = at("2026-03-15 00:00"), 86400
    runs = [run(n + 1, now - 420 * day + n * day + 50_000) for n in range(420)]
    reader = desk([BackupJob(id=1, name="files", schedule="1d"), *runs], now=now)
    found = reader.connection.execute("SELECT state, COUNT(*) FROM backup_due GROUP BY state").fetchall()
    assert found == [("ok", 400)]
