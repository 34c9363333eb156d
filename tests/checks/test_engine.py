"""Figures and verdicts of each kind of check, over rows whose figures are known by hand."""

import pytest

from deskaudit.model.verdicts import Status

GOOD = "subject, segment, good, badness"
VALUE = "subject, segment, value"


def faults(count, n, segment=None):
    """n rows of which `count` are at fault, the first ones worst."""
    return [(i, segment, 0 if i <= count else 1, n - i) for i in range(1, n + 1)]


def whole(results, leg=""):
    return next(result for result in results if result.segment is None and result.leg == leg)


def part(results, segment):
    return next(result for result in results if result.segment == segment)


class TestRatio:
    def test_lower_is_the_share_of_faults(self, desk, make_check, listed):
        check = make_check(rows=listed(GOOD, *faults(7, 120)), better="lower", passes=0.05, warns=0.15)
        (result,) = desk.judge(check)
        assert (result.status, result.n, result.n_rows) == (Status.WARN, 120, 120)
        assert result.value == pytest.approx(7 / 120)
        assert result.interval == pytest.approx((0.0285, 0.1155), abs=1e-4)  # Wilson of 7 in 120
        assert result.reason == "Tickets without an owner: 7 of 120 tickets (5.8 %); at most 5.0 % passes."
        assert (result.weight, result.pass_at, result.warn_at, result.unit) == (4, 0.05, 0.15, "share")

    def test_higher_is_the_share_of_good(self, desk, make_check, listed):
        check = make_check(rows=listed(GOOD, *faults(6, 60)), better="higher", passes=0.95, warns=0.92)
        (result,) = desk.judge(check)
        assert (result.status, result.value) == (Status.FAIL, 0.9)
        assert result.reason == "Tickets without an owner: 54 of 60 tickets (90.0 %); less than 92.0 % fails."

    def test_the_reason_in_the_checks_own_words(self, desk, make_check, listed):
        rows = listed(GOOD, *faults(7, 120))
        check = make_check(rows=rows, better="lower", passes=0.05, says="{faults} of {n} open tickets have no owner")
        (result,) = desk.judge(check)
        assert result.reason == "7 of 120 open tickets have no owner (5.8 %); at most 5.0 % passes."

    @pytest.mark.parametrize(
        ("better", "says", "said"),
        [
            ("higher", "{faults} of {n} were missed", "6 of 60 were missed: 90.0 % were good; at least 90.0 % passes."),
            ("higher", "{good} of {n} were kept", "54 of 60 were kept (90.0 %); at least 90.0 % passes."),
            ("lower", "{good} of {n} were kept", "54 of 60 were kept: 10.0 % were at fault; at most 90.0 % passes."),
            ("higher", "{faults} missed, {value} kept", "6 missed, 90.0 % kept; at least 90.0 % passes."),
            ("higher", "kept: {change}", "Kept: +90.0 %; at least 90.0 % passes."),
        ],
    )
    def test_a_count_of_one_side_names_the_share_of_the_other(self, desk, make_check, listed, better, says, said):
        check = make_check(rows=listed(GOOD, *faults(6, 60)), better=better, passes=0.9, says=says)
        assert desk.judge(check)[0].reason == said

    @pytest.mark.parametrize(
        ("count", "said"),
        [
            (1, "at most 5.0 % passes."),
            (3, "up to 3 pass whatever their share."),
            (4, "up to 5 only warn whatever their share."),
            (6, "more than 15.0 % fails, and up to 5 only warn whatever their share."),
        ],
    )
    def test_the_reason_names_what_decided(self, desk, make_check, listed, count, said):
        rows = listed(GOOD, *faults(count, 20))
        check = make_check(rows=rows, better="lower", passes=0.05, warns=0.15, pass_count=3, warn_count=5)
        assert desk.judge(check)[0].reason.split("; ")[1] == said

    def test_a_warning_by_the_share_tells_the_floor_too(self, desk, make_check, listed):
        check = make_check(rows=listed(GOOD, *faults(4, 40)), better="lower", passes=0.05, warns=0.15, pass_count=3)
        assert desk.judge(check)[0].reason.endswith("at most 5.0 % passes, and up to 3 pass whatever their share.")

    @pytest.mark.parametrize(
        ("share", "status"), [(20, Status.PASS), (21, Status.WARN), (60, Status.WARN), (61, Status.FAIL)]
    )
    def test_a_threshold_itself_is_kept(self, desk, make_check, listed, share, status):
        check = make_check(rows=listed(GOOD, *faults(share, 400)), better="lower", passes=0.05, warns=0.15)
        assert desk.judge(check)[0].status is status

    def test_without_a_warn_threshold_it_never_fails(self, desk, make_check, listed):
        check = make_check(rows=listed(GOOD, *faults(400, 400)), better="lower", passes=0.05)
        assert desk.judge(check)[0].status is Status.WARN

    @pytest.mark.parametrize(
        ("count", "status"), [(3, Status.PASS), (4, Status.WARN), (10, Status.WARN), (11, Status.FAIL)]
    )
    def test_few_faults_pass_whatever_the_share(self, desk, make_check, listed, count, status):
        rows = listed(GOOD, *faults(count, 20))
        check = make_check(rows=rows, better="lower", passes=0.05, warns=0.15, pass_count=3, warn_count=10)
        assert desk.judge(check)[0].status is status

    def test_rows_without_a_verdict_are_listed_and_not_judged(self, desk, make_check, listed):
        rows = listed(GOOD, *faults(10, 40), (41, None, None, 0), (42, None, None, 0))
        (result,) = desk.judge(make_check(rows=rows, better="lower", passes=0.3))
        assert (result.n, result.n_rows, result.value) == (40, 42, 0.25)
        assert result.details == {"good": 30, "faults": 10, "not_judged": 2}

    def test_nothing_judged_is_nodata(self, desk, make_check, listed):
        check = make_check(rows=listed(GOOD, (1, "a", None, 0)), better="lower", passes=0.3)
        (result,) = desk.judge(check)
        assert (result.status, result.value) == (Status.NODATA, None)
        assert result.reason == ("Nothing to judge in the period: 1 row is listed, and it cannot be judged yet.")
        empty = make_check(
            rows=listed(GOOD, (1, None, 1, 0)) + " WHERE 1 = 0", better="lower", passes=0.3, cohort="Created in it."
        )
        assert desk.judge(empty)[0].reason == "Nothing to judge in the period: Created in it."
        advised = make_check(rows=empty.rows, better="lower", passes=0.3, missing="Connect a help desk.")
        assert desk.judge(advised)[0].reason == (
            "Nothing to judge in the period. If there should be something: Connect a help desk."
        )

    def test_segments_are_judged_apart_and_weigh_nothing(self, desk, make_check, listed):
        rows = listed(GOOD, *faults(5, 20, "mail"), *[(i, "chat", 1, 0) for i in range(21, 61)], (61, None, 0, 1))
        results = desk.judge(make_check(rows=rows, better="lower", passes=0.05, warns=0.2))
        assert [(r.segment, r.status, r.n, r.weight) for r in results] == [
            (None, Status.WARN, 61, 4),
            ("chat", Status.PASS, 40, 0),
            ("mail", Status.FAIL, 20, 0),
            ("–", Status.WARN, 1, 0),  # one row without a segment: too few to fail
        ]

    def test_rows_that_all_lack_a_segment_make_none(self, desk, make_check, listed):
        assert len(desk.judge(make_check(rows=listed(GOOD, *faults(1, 30)), better="lower", passes=0.05))) == 1

    def test_a_small_sample_never_fails(self, desk, make_check, listed):
        rows = listed(GOOD, *faults(19, 19))
        (result,) = desk.judge(make_check(rows=rows, better="lower", passes=0.05, warns=0.1))
        assert (result.status, result.low_n) == (Status.WARN, True)
        assert result.reason.endswith("fewer than 20 rows, so never worse than WARN.")

    def test_a_small_census_fails_and_has_no_interval(self, desk, make_check, listed):
        check = make_check(rows=listed(GOOD, *faults(1, 3)), better="lower", passes=0, warns=0, population="census")
        (result,) = desk.judge(check)
        assert (result.status, result.low_n, result.interval) == (Status.FAIL, False, None)

    def test_spread_is_best_less_worst_of_large_segments(self, desk, make_check, listed):
        rows = listed(GOOD, *faults(5, 20, "a"), *faults(2, 20, "b"), *faults(15, 15, "few"))
        check = make_check(rows=rows, better="lower", stat="spread", passes=10, warns=20)
        results = desk.judge(check)
        result = whole(results)
        assert (result.value, result.unit, result.status) == (15, "points", Status.WARN)  # 90 % less 75 %
        assert result.details["best"], result.details["worst"] == ("b", "a")
        assert (part(results, "a").unit, part(results, "a").status) == ("share", Status.INFO)

    def test_spread_needs_two_large_segments(self, desk, make_check, listed):
        rows = listed(GOOD, *faults(5, 20, "a"), *faults(2, 19, "b"))
        result = whole(desk.judge(make_check(rows=rows, better="lower", stat="spread", passes=10)))
        assert (result.status, result.reason) == (Status.NODATA, "Fewer than two groups have 20 judged rows.")

    def test_values_of_a_ratio_give_its_mean(self, desk, make_check, listed):
        rows = listed("subject, good, value", (1, 1, 10), (2, 1, 20), (3, 0, 60))
        (result,) = desk.judge(make_check(rows=rows, better="higher", passes=0.5))
        assert (result.mean, result.median) == (30, 20)


class TestDuration:
    def test_median_mean_and_90th_percentile(self, desk, make_check, listed):
        rows = listed(VALUE, *[(i, "a", i * 60) for i in range(1, 26)], (26, "a", None))
        check = make_check(rows=rows, kind="duration", passes=600, warns=3600)
        results = desk.judge(check)
        result = whole(results)
        assert (result.value, result.mean, result.median, result.p90) == (780, 780, 780, 22.6 * 60)
        assert (result.status, result.unit, result.n, result.n_rows) == (Status.WARN, "s", 25, 26)
        assert result.interval == (8 * 60, 18 * 60)  # ranks 8 and 18 of 25
        assert part(results, "a").interval == (8 * 60, 18 * 60)
        assert result.reason == "Tickets without an owner: median 13 min, over 25 tickets; at most 10 min passes."

    def test_the_90th_percentile_has_its_own_interval(self, desk, make_check, listed):
        rows = listed(VALUE, *[(i, None, i) for i in range(1, 101)])
        (result,) = desk.judge(make_check(rows=rows, kind="duration", stat="p90", passes=1000))
        assert result.value == pytest.approx(90.1)
        assert result.interval == (84, 96)  # 2.4 % of the binomial lies below 84, 2.4 % from 96 on

    def test_business_time_is_told_in_hours(self, desk, make_check, listed):
        rows = listed(VALUE, *[(i, None, 30 * 3600) for i in range(20)])
        (result,) = desk.judge(make_check(rows=rows, kind="duration", passes=8 * 3600, clock="business"))
        assert "median 30 h, over 20 tickets; at most 8 h passes" in result.reason

    def test_the_slowest_come_first_with_what_has_not_ended(self, desk, make_check, listed):
        rows = listed("subject, value, badness", (1, 5, 5), (2, None, 90), (3, 70, 70), (4, None, None))
        (result,) = desk.judge(make_check(rows=rows, kind="duration", passes=10))
        assert [(e.subject, e.value) for e in result.evidence] == [(2, None), (3, 70), (1, 5)]


class TestNumber:
    @pytest.mark.parametrize(("stat", "value"), [("mean", 4), ("sum", 12), ("min", 1), ("max", 9), ("median", 2)])
    def test_its_statistic(self, desk, make_check, listed, stat, value):
        rows = listed(VALUE, (1, None, 1), (2, None, 2), (3, None, 9))
        check = make_check(rows=rows, kind="number", stat=stat, better="lower", passes=100, population="census")
        assert desk.judge(check)[0].value == value

    def test_a_mean_has_students_interval(self, desk, make_check, listed):
        rows = listed(VALUE, *[(i, None, 10 + i % 2) for i in range(1, 23)])  # 11 × 10, 11 × 11
        (result,) = desk.judge(make_check(rows=rows, kind="number", better="lower", passes=100))
        half = 2.0796 * (0.25 * 22 / 21) ** 0.5 / 22**0.5  # t(21)
        assert result.interval == pytest.approx((10.5 - half, 10.5 + half), abs=1e-4)

    def test_variation_is_that_of_the_most_uneven_group(self, desk, make_check, listed):
        even = [(i, "even", 5) for i in range(1, 4)]
        uneven = [(i + 10, "uneven", value) for i, value in enumerate([2, 4, 4, 4, 5, 5, 7, 9])]
        alone = [(99, "alone", 1000)]
        rows = listed(VALUE, *even, *uneven, *alone)
        check = make_check(
            rows=rows, kind="number", stat="cv", better="lower", passes=0.25, warns=0.4, population="census"
        )
        results = desk.judge(check)
        assert whole(results).value == pytest.approx(0.4)
        assert (whole(results).status, whole(results).details["worst"]) == (Status.WARN, "uneven")
        assert part(results, "even").value == 0

    @pytest.mark.parametrize(
        ("value", "status"),
        [
            (45, Status.PASS),
            (75, Status.PASS),
            (44, Status.WARN),
            (85, Status.WARN),
            (34, Status.FAIL),
            (86, Status.FAIL),
        ],
    )
    def test_a_band_has_two_edges(self, desk, make_check, listed, value, status):
        rows = listed(VALUE, (1, None, value))
        words = {"better": "band", "band": [45, 75], "warn_band": [35, 85], "population": "census"}
        (result,) = desk.judge(make_check(rows=rows, kind="number", **words))
        assert result.status is status
        if status is Status.FAIL:
            assert result.reason.endswith("outside 35 to 85 fails.")

    def test_higher_is_better(self, desk, make_check, listed):
        rows = listed(VALUE, (1, None, 3), (2, None, 1))
        check = make_check(
            rows=rows, kind="number", stat="min", better="higher", passes=2, warns=2, population="census"
        )
        (result,) = desk.judge(check)
        assert (result.status, [e.subject for e in result.evidence]) == (Status.FAIL, [2, 1])


class TestCount:
    def test_it_counts_the_faults(self, desk, make_check, listed):
        check = make_check(rows=listed(GOOD, *faults(2, 5)), kind="count", passes=0, warns=1)
        (result,) = desk.judge(check)
        assert (result.status, result.value, result.n, result.low_n) == (Status.FAIL, 2, 5, False)
        assert result.reason == "Tickets without an owner: 2 of 5 tickets; more than 1 fails."

    def test_no_rows_pass_where_the_desk_has_some(self, desk, make_check, listed):
        check = make_check(rows=listed(GOOD, (1, None, 0, 1)) + " WHERE 1 = 0", kind="count", passes=0)
        (result,) = desk.judge(check)
        assert (result.status, result.reason) == (Status.NODATA, "Nothing to judge: there are no tickets.")
        desk.add("ticket", {"code": "A"})
        (result,) = desk.judge(check)
        assert (result.status, result.value) == (Status.PASS, 0)


class TestReported:
    def test_a_list_judges_nothing(self, desk, make_check, listed):
        rows = listed("subject, segment, badness, topic", (1, "tag", 30, "print"), (2, "tag", 50, "vpn"))
        (result, segment) = desk.judge(make_check(rows=rows, kind="list"))
        assert (result.status, result.value, segment.n) == (Status.INFO, 2, 2)
        assert [e.columns for e in result.evidence] == [{"topic": "vpn"}, {"topic": "print"}]

    def test_a_ratio_without_thresholds_judges_nothing(self, desk, make_check, listed):
        (result,) = desk.judge(make_check(rows=listed(GOOD, *faults(3, 30)), better="lower"))
        assert (result.status, result.value) == (Status.INFO, 0.1)
        assert result.reason.endswith("reported, judges nothing.")

    def test_a_gap_of_shares_has_newcombes_interval(self, desk, make_check, listed):
        rows = [(i, "a", int(i <= 56)) for i in range(1, 71)] + [(100 + i, "b", int(i <= 48)) for i in range(1, 81)]
        check = make_check(rows=listed("subject, part, value", *rows), kind="gap", unit="points")
        (result,) = desk.judge(check)
        assert (result.status, result.value, result.n) == (Status.INFO, 20, 70)
        assert result.interval == pytest.approx((5.24, 33.39), abs=5e-3)

    def test_a_gap_of_numbers_has_welchs_interval(self, desk, make_check, listed):
        rows = [(1, "a", 2), (2, "a", 4), (3, "a", 6), (4, "b", 1), (5, "b", 2), (6, "b", 3)]
        check = make_check(rows=listed("subject, part, value", *rows), kind="gap")
        (result,) = desk.judge(check)
        # Variances 4/3 and 1/3: df = (25/9) / (16/18 + 1/18) = 2.941, t = 3.2178 (printed tables: df 3 3.18, df 2 4.30)
        half = 3.2178 * (5 / 3) ** 0.5
        assert result.value == 2
        assert result.interval == pytest.approx((2 - half, 2 + half), abs=1e-2)

    def test_a_gap_needs_both_parts(self, desk, make_check, listed):
        check = make_check(rows=listed("subject, part, value", (1, "a", 1)), kind="gap")
        assert desk.judge(check)[0].reason == "Two groups are compared; 1 have rows."

    def test_a_gap_with_thresholds_is_judged(self, desk, make_check, listed):
        rows = listed("subject, part, value", (1, "a", 30), (2, "b", 18))
        words = {"kind": "gap", "better": "lower", "passes": 5, "warns": 10, "population": "census"}
        assert desk.judge(make_check(rows=rows, **words))[0].status is Status.FAIL

    def test_correlation_is_spearmans(self, desk, make_check, listed):
        rows = listed("subject, value, other", (1, 1, 10), (2, 2, 20), (3, 2, 30), (4, 3, 30), (5, None, 9))
        (result,) = desk.judge(make_check(rows=rows, kind="correlation"))
        assert result.value == pytest.approx(3.75 / 4.5)
        assert (result.status, result.n, result.low_n, result.unit) == (Status.INFO, 4, True, "rho")

    def test_a_constant_side_has_no_correlation(self, desk, make_check, listed):
        rows = listed("subject, value, other", *[(i, i, 7) for i in range(20)])
        assert desk.judge(make_check(rows=rows, kind="correlation"))[0].status is Status.NODATA


class TestDrift:
    """One row per number of `stat`: happened in the period where its time is NOW, before where it is 100 days earlier."""

    @staticmethod
    def fill(desk, window, now, before):
        times = [window.now - 1] * len(now) + [window.start - 1] * len(before)
        desk.add(
            "stat",
            *[{"name": "x", "happened_at": at, "value": v} for at, v in zip(times, [*now, *before], strict=True)],
        )

    rows = """SELECT s.id AS subject, NULL AS segment, {column}, s.value AS badness FROM stat s
        WHERE s.happened_at >= :period_start AND s.happened_at < :period_end"""

    def check(self, make_check, kind, **words):
        column = "s.value AS value" if kind in {"duration", "number"} else "CAST(s.value AS BIGINT) AS good"
        words = {"passes": 0.1, "warns": 0.25, "better": "lower"} | words
        return make_check(kind=kind, rows=self.rows.format(column=column), drift=True, needs=["stat"], **words)

    def test_relative_to_the_period_before(self, desk, window, make_check):
        self.fill(desk, window, [120] * 20, [100] * 25)
        (result,) = desk.judge(self.check(make_check, "duration"))
        assert (result.value, result.status, result.unit) == (0.2, Status.WARN, "share")
        assert result.details["reference"], result.details["reference_n"] == (100, 25)
        assert "20.0 % worse than in the period before (1 min 40 s), over 20 tickets" in result.reason

    def test_worse_is_less_where_higher_is_better(self, desk, window, make_check):
        self.fill(desk, window, [70] * 20, [100] * 20)
        (result,) = desk.judge(self.check(make_check, "number", better="higher"))
        assert (result.value, result.status) == (0.3, Status.FAIL)

    def test_ratios_drift_in_points(self, desk, window, make_check):
        self.fill(desk, window, [1] * 42 + [0] * 18, [1] * 48 + [0] * 12)  # 70 % after 80 %
        (result,) = desk.judge(self.check(make_check, "ratio", better="higher", passes=10, warns=25))
        assert (result.value, result.unit, result.status) == (10, "points", Status.PASS)
        assert result.interval == pytest.approx((-5.6, 24.9), abs=0.2)

    @pytest.mark.parametrize(("now", "before"), [(19, 20), (20, 19)])
    def test_a_sample_needs_twenty_on_both_sides(self, desk, window, make_check, now, before):
        self.fill(desk, window, [1] * now, [1] * before)
        (result,) = desk.judge(self.check(make_check, "duration"))
        assert result.status is Status.NODATA
        assert result.reason == f"Too few to compare: {now} now, {before} in the period before; 20 are needed."

    def test_nothing_before_is_nodata(self, desk, window, make_check):
        self.fill(desk, window, [1] * 30, [])
        (result,) = desk.judge(self.check(make_check, "duration"))
        assert result.reason == "Nothing lies in the period before to compare with."

    def test_from_zero_it_is_new(self, desk, window, make_check):
        self.fill(desk, window, [5] * 20, [0] * 20)
        (result,) = desk.judge(self.check(make_check, "number"))
        assert (result.status, result.reason) == (Status.NODATA, "New: there was nothing in the period before.")
        assert result.details["new"] is True

    def test_counts_drift_from_no_rows_at_all(self, desk, window, make_check):
        self.fill(desk, window, [], [])
        desk.add("ticket", {"code": "A"})
        desk.add("stat", {"id": 77, "name": "old", "happened_at": 5})
        (result,) = desk.judge(self.check(make_check, "count"))
        assert (result.value, result.status) == (0, Status.PASS)

    def test_the_reference_is_frozen_too(self, desk, window, make_check):
        self.fill(desk, window, [1] * 3, [2] * 2)
        desk.judge(self.check(make_check, "duration"))
        assert [row["reference"] for row in desk.frozen("99.1")].count(1) == 2


class TestLegs:
    def test_each_leg_has_its_rows_and_the_worst_comes_first(self, desk, make_check, listed):
        rows = listed(
            "subject, part, good", *[(i, "mail", 1) for i in range(30)], *[(i, "chat", i % 2) for i in range(20)]
        )
        legs = [
            {"leg": "mail", "only": "mail", "passes": 0.05, "warns": 0.1},
            {"leg": "chat", "title": "Chats", "only": "chat", "passes": 0.05, "warns": 0.1},
            {"leg": "all", "passes": 0.5},
        ]
        results = desk.judge(make_check(rows=rows, better="lower", leg=legs))
        assert [(r.leg, r.title, r.status, r.n, r.value) for r in results] == [
            ("chat", "Chats", Status.FAIL, 20, 0.5),
            ("mail", "Tickets without an owner", Status.PASS, 30, 0),
            ("all", "Tickets without an owner", Status.PASS, 50, 0.2),
        ]
        assert len(desk.frozen("99.1")) == 30 + 20 + 50

    def test_a_leg_may_have_rows_of_its_own(self, desk, make_check, listed):
        legs = [
            {"leg": "one", "rows": listed(GOOD, *faults(1, 2))},
            {
                "leg": "two",
                "rows": listed("subject, good, extra", (9, 0, "x")),
                "fail_if": "extra = 'x'",
                "fail_says": "x",
            },
        ]
        results = desk.judge(make_check(better="lower", passes=1, leg=legs))
        assert [(r.leg, r.n, r.status) for r in results] == [("two", 1, Status.FAIL), ("one", 2, Status.PASS)]
        assert results[0].evidence[0].columns == {"extra": "x"}

    def test_a_missing_source_gives_each_leg_its_nodata(self, desk, make_check, listed):
        desk.states["ticket"] = type(desk.filled("ticket"))("absent", "", None)
        legs = [{"leg": "one"}, {"leg": "two"}]
        results = desk.judge(make_check(rows=listed(GOOD, *faults(1, 2)), better="lower", passes=1, leg=legs))
        assert [(r.leg, r.status) for r in results] == [("one", Status.NODATA), ("two", Status.NODATA)]


class TestFailIf:
    def test_one_row_is_enough_even_in_a_small_sample(self, desk, make_check, listed):
        rows = listed("subject, segment, good, role", (1, "a", 1, "admin"), (2, "b", 1, "agent"))
        check = make_check(
            rows=rows, better="lower", passes=0.5, fail_if="role = 'admin' AND good >= :least",
            fail_says="an administrator", params={"least": 1},
        )  # fmt: skip
        results = desk.judge(check)
        assert [(r.segment, r.status) for r in results] == [(None, Status.FAIL), ("a", Status.FAIL), ("b", Status.PASS)]
        assert whole(results).details["fail_if"] == 1
        assert whole(results).details["fail_says"] == "an administrator"
        assert whole(results).reason == (
            "Tickets without an owner: 0 of 2 tickets (0.0 %); FAIL: an administrator (1 ticket)."
        )

    def test_a_figure_that_does_not_pass_names_its_limit_too(self, desk, make_check, listed):
        rows = listed("subject, good, role", (1, 0, "admin"), (2, 1, "agent"))
        check = make_check(rows=rows, kind="count", passes=0, fail_if="role = 'admin'", fail_says="an administrator")
        (result,) = desk.judge(check)
        assert result.reason == (
            "Tickets without an owner: 1 of 2 tickets; at most 0 passes; FAIL: an administrator (1 ticket)."
        )

    def test_a_select_over_the_judged_rows(self, desk, make_check, listed):
        rows = listed("subject, good, bytes", (1, 1, 5), (2, 1, 0), (3, 0, 0))
        fail_if = "SELECT j.bytes FROM judged j GROUP BY j.bytes HAVING COUNT(*) > 1"
        check = make_check(rows=rows, kind="count", passes=5, fail_if=fail_if, fail_says="one size twice")
        (result,) = desk.judge(check)
        assert result.status is Status.FAIL
        assert result.reason.endswith("FAIL: one size twice (1 row).")  # what it lists are sizes, no tickets
        assert (
            desk.judge(make_check(rows=rows, kind="count", passes=5, fail_if=fail_if.replace("1", "2")))[0].status
            is Status.PASS
        )

    def test_it_may_stand_alone(self, desk, make_check, listed):
        rows = listed("subject, value, never", (1, None, 1))
        check = make_check(
            rows=rows, kind="number", stat="max", of="backup_job", title="Backups",
            fail_if="never = 1", fail_says="no restore was ever recorded",
        )  # fmt: skip
        (result,) = desk.judge(check)
        assert (result.status, result.value, result.reason) == (
            Status.FAIL,
            None,
            "Backups: no restore was ever recorded (1 job).",
        )
        rows = listed(GOOD, *faults(5, 40))
        (result,) = desk.judge(make_check(rows=rows, better="lower", fail_if="badness > 1000"))
        assert result.status is Status.PASS
