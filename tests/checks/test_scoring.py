"""The headline against sums done by hand, and the promise that skipping never helps."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskaudit.checks import scoring
from deskaudit.model.verdicts import Answer, Result, Status

PASS, WARN, FAIL, NODATA, NA, TODO, INFO, ERROR = (
    Status(name) for name in ["PASS", "WARN", "FAIL", "NODATA", "NA", "TODO", "INFO", "ERROR"]
)


def result(check, status, leg="", segment=None):
    return Result(
        item="HD-01", check=check, name="x", title="X", leg=leg, segment=segment, status=status, kind="ratio",
        unit="share", better="lower",
    )  # fmt: skip


def question(type_="yes", *, must=False, scope=False):
    return {"type": type_, "must": must, "scope": scope}


def answers(**values):
    return [Answer(question=name, value=value) for name, value in values.items()]


def pinned(checks, manual=0, questions=None, cap=100, **more):
    return {"cap": cap, "items": {"HD-01": {"checks": checks, "manual": manual, "questions": questions or {}}, **more}}


class TestScore:
    def test_by_hand(self):
        weights = pinned({"1.1": 8, "1.2": 4, "1.3": 2, "1.4": 1}, 8, {"q1": question(), "q2": question()})
        results = [result("1.1", PASS), result("1.2", WARN), result("1.3", FAIL), result("1.4", NODATA)]
        found = scoring.score(weights, results, answers(q1="yes"))
        # Applicable 8 + 4 + 2 + 1 + 8 = 23; earned 8 + 2; assessed 8 + 4 + 2.
        assert found.assured == pytest.approx(10 / 23)
        assert found.score == pytest.approx(10 / 14)
        assert found.coverage == pytest.approx(14 / 23)
        assert found.counts == {"PASS": 2, "WARN": 1, "FAIL": 1, "NODATA": 1, "TODO": 1}
        assert (found.weight, found.na_count, found.na_weight, found.version) == (23, 0, 0, 1)

    def test_the_manual_half_earns_like_a_check(self):
        weights = pinned({"1.1": 4}, 4, {"q1": question(), "q2": question()})
        found = scoring.score(weights, [result("1.1", FAIL)], answers(q1="yes", q2="partly"))  # mean 0.75: WARN
        assert (found.assured, found.score, found.coverage) == (0.25, 0.25, 1.0)

    def test_na_and_info_are_taken_out(self):
        weights = pinned({"1.1": 8, "1.2": 4, "1.3": 2})
        found = scoring.score(weights, [result("1.1", NA), result("1.2", INFO), result("1.3", PASS)], [])
        assert (found.assured, found.weight, found.na_count, found.na_weight) == (1.0, 2, 1, 8)

    @pytest.mark.parametrize("status", [NODATA, ERROR, TODO])
    def test_what_could_not_be_judged_counts_as_not_passed(self, status):
        found = scoring.score(pinned({"1.1": 4, "1.2": 4}), [result("1.1", status), result("1.2", PASS)], [])
        assert (found.assured, found.score, found.coverage) == (0.5, 1.0, 0.5)

    def test_a_check_that_was_skipped_weighs_on(self):
        found = scoring.score(pinned({"1.1": 4, "1.2": 4}), [result("1.2", PASS)], [])
        assert (found.assured, found.score, found.coverage) == (0.5, 1.0, 0.5)

    def test_a_large_item_is_capped_in_proportion(self):
        small = {"checks": {"2.1": 8}, "manual": 0, "questions": {}}
        weights = pinned({"1.1": 8, "1.2": 8, "1.3": 16}, cap=16, **{"HD-02": small})
        found = scoring.score(weights, [result("1.1", PASS), result("1.3", WARN), result("2.1", PASS)], [])
        # HD-01 weighs 16 for 32: each part half. Earned 4 + 4 + 8 of 16 + 8.
        assert found.assured == pytest.approx(16 / 24)
        assert found.weight == 24

    def test_nothing_at_all(self):
        found = scoring.score({"cap": 24, "items": {}}, [], [])
        assert (found.assured, found.score, found.coverage, found.counts) == (None, None, None, {})

    def test_segments_count_nothing(self):
        found = scoring.score(pinned({"1.1": 4}), [result("1.1", PASS), result("1.1", FAIL, segment="mail")], [])
        assert (found.assured, found.counts) == (1.0, {"PASS": 1})

    def test_the_worst_leg_is_the_checks(self):
        weights = pinned({"1.1": 4})
        legs = [result("1.1", PASS, "a"), result("1.1", WARN, "b"), result("1.1", INFO, "c")]
        assert scoring.score(weights, legs, []).assured == 0.5
        assert scoring.score(weights, [*legs, result("1.1", FAIL, "d")], []).assured == 0

    def test_a_leg_without_data_earns_nothing(self):
        weights = pinned({"1.1": 4})
        found = scoring.score(weights, [result("1.1", WARN, "a"), result("1.1", NODATA, "b")], [])
        assert (found.assured, found.coverage, found.counts) == (0, 0, {"WARN": 1})
        found = scoring.score(weights, [result("1.1", FAIL, "a"), result("1.1", NODATA, "b")], [])
        assert (found.assured, found.coverage) == (0, 1)

    def test_only_confirmed_answers_count(self):
        offered = [Answer(question="q1", value="yes", state="offered")]
        found = scoring.score(pinned({}, 2, {"q1": question()}), [], offered)
        assert (found.assured, found.counts) == (0, {"TODO": 1})

    def test_a_scope_question_answered_no_takes_the_item_out(self):
        questions = {"q0": question(scope=True), "q1": question()}
        weights = pinned({"1.1": 8}, 8, questions)
        found = scoring.score(weights, [result("1.1", FAIL)], answers(q0="no"))
        assert (found.assured, found.na_count, found.na_weight, found.counts) == (None, 2, 16, {"NA": 2})
        found = scoring.score(weights, [result("1.1", PASS)], answers(q0="yes", q1="yes"))
        assert (found.assured, found.counts) == (1.0, {"PASS": 2})


class TestManual:
    @pytest.mark.parametrize(
        ("values", "status"),
        [
            (["yes", "yes", "yes", "yes"], PASS),
            (["yes", "yes", "yes", "partly"], PASS),  # 0.875
            (["yes", "yes", "yes", "no"], WARN),  # 0.75
            (["yes", "yes", "no", "no"], WARN),  # 0.5
            (["yes", "partly", "no", "no"], FAIL),  # 0.375
            (["yes", "yes", "yes", None], TODO),
            (["no", "no", None, None], TODO),  # 0.5 is still possible
            (["no", "no", "no", None], FAIL),  # at best 0.25
            (["no", "no", "partly", None], FAIL),  # at best 0.375
            (["yes", "na", "na", "na"], PASS),
            (["na", "na", "na", "na"], NA),
            ([None, None, None, None], TODO),
        ],
    )
    def test_by_hand(self, values, status):
        questions = {f"q{i}": question() for i in range(4)}
        given_ = {f"q{i}": Answer(question=f"q{i}", value=value) for i, value in enumerate(values) if value}
        assert scoring.manual_status(questions, given_) is status

    def test_a_no_where_it_must_not_be_fails_at_once(self):
        questions = {"q1": question(must=True), **{f"r{i}": question() for i in range(9)}}
        assert scoring.manual_status(questions, {"q1": Answer(question="q1", value="no")}) is FAIL

    def test_a_partly_where_it_must_be_yes_never_passes(self):
        questions = {"q1": question(must=True), **{f"r{i}": question() for i in range(9)}}
        full = {name: Answer(question=name, value="yes") for name in questions}
        assert scoring.manual_status(questions, full) is PASS
        full["q1"] = Answer(question="q1", value="partly")
        assert scoring.manual_status(questions, full) is WARN

    @pytest.mark.parametrize(("value", "mark"), [("1", 0), ("2", 0.25), ("3", 0.5), ("5", 1)])
    def test_a_scale_is_mapped(self, value, mark):
        assert scoring.mark_of("scale", value) == mark

    def test_a_text_must_be_there_and_is_not_marked(self):
        questions = {"q1": question(), "q2": question("text")}
        yes = {"q1": Answer(question="q1", value="yes")}
        assert scoring.manual_status(questions, yes) is TODO
        assert scoring.manual_status(questions, yes | {"q2": Answer(question="q2", value="a wiki")}) is PASS


class TestItem:
    weights = pinned({"1.1": 8, "1.2": 4}, 8, {"q1": question()})

    def verdict(self, results, given_=()):
        return scoring.item_status("HD-01", self.weights, results, list(given_))

    def test_it_is_no_plain_pass_before_it_is_complete(self):
        both = [result("1.1", PASS), result("1.2", PASS)]
        open_ = self.verdict(both)
        assert (open_.status, open_.complete, open_.auto, open_.manual) == (TODO, False, PASS, TODO)
        done = self.verdict(both, answers(q1="yes"))
        assert (done.status, done.complete, done.counts) == (PASS, True, {"PASS": 3})
        assert (done.weight, done.earned) == (20, 20)

    def test_the_worst_that_was_judged_decides(self):
        found = self.verdict([result("1.1", WARN), result("1.2", ERROR)])
        assert (found.status, found.complete, found.auto) == (WARN, False, WARN)
        assert found.counts == {"WARN": 1, "ERROR": 1, "TODO": 1}

    def test_a_check_that_did_not_run_leaves_it_open(self):
        found = self.verdict([result("1.1", PASS)], answers(q1="yes"))
        assert (found.status, found.complete) == (TODO, False)

    def test_no_data_is_told(self):
        found = self.verdict([result("1.1", NODATA), result("1.2", PASS)], answers(q1="yes"))
        assert (found.status, found.complete) == (NODATA, False)

    def test_declared_not_applicable(self):
        found = self.verdict([result("1.1", NA), result("1.2", NA)], answers(q1="na"))
        assert (found.status, found.complete, found.weight) == (NA, True, 0)


STATUSES = st.sampled_from([PASS, WARN, FAIL, NODATA, NA, INFO, ERROR])
VALUES = st.sampled_from(["yes", "partly", "no", "na", None])


@st.composite
def audits(draw):
    items, results, given_ = {}, [], []
    for number in range(draw(st.integers(1, 4))):
        checks = {}
        for k in range(draw(st.integers(0, 4))):
            check = f"{number}.{k}"
            checks[check] = draw(st.sampled_from([8, 4, 2, 1]))
            legs = draw(st.lists(STATUSES, min_size=0, max_size=3))
            results += [result(check, status, str(leg)) for leg, status in enumerate(legs)]
        questions = {f"HD-{number}.q{k}": question(must=draw(st.booleans())) for k in range(draw(st.integers(0, 3)))}
        items[f"HD-{number}"] = {"checks": checks, "manual": 4 if questions else 0, "questions": questions}
        given_ += [Answer(question=name, value=value) for name in questions if (value := draw(VALUES))]
    return {"cap": draw(st.sampled_from([6, 24, 100])), "items": items}, results, given_


def assured(weights, results, given_):
    return scoring.score(weights, results, given_).assured or 0.0


@given(audits(), st.randoms())
def test_skipping_a_failing_check_never_raises_assured(audit, random):
    weights, results, given_ = audit
    failing = sorted({entry.check for entry in results if entry.status is FAIL})
    if not failing:
        return
    skipped = random.choice(failing)
    before = assured(weights, results, given_)
    left = [entry for entry in results if entry.check != skipped]
    assert assured(weights, left, given_) <= before + 1e-12
    blind = [entry if entry.status is not FAIL else result(entry.check, NODATA, entry.leg) for entry in results]
    assert assured(weights, blind, given_) <= before + 1e-12


@given(audits(), st.randoms())
def test_a_better_result_never_lowers_assured(audit, random):
    weights, results, given_ = audit
    judged = [entry for entry in results if entry.status in {FAIL, NODATA, ERROR}]
    if not judged:
        return
    better = random.choice(judged)
    healed = [entry if entry is not better else result(entry.check, PASS, entry.leg) for entry in results]
    assert assured(weights, healed, given_) >= assured(weights, results, given_) - 1e-12


@given(audits())
def test_shares_lie_between_0_and_1(audit):
    found = scoring.score(*audit)
    for share in (found.assured, found.score, found.coverage):
        assert share is None or -1e-12 <= share <= 1 + 1e-12
    if found.assured is not None and found.score is not None:
        assert found.assured == pytest.approx(found.score * found.coverage)
