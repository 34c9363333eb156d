"""The token bucket: never more than the limit in any minute, and not much less either."""

import time
from bisect import bisect_left

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deskaudit.connectors.pace import RateLimit, Timing
from deskaudit.errors import Cancelled


class FakeTime:
    def __init__(self):
        self.now = 0.0

    def clock(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


def bucket(per_minute, fake, **more):
    return RateLimit(per_minute, timing=Timing(clock=fake.clock, sleep=fake.sleep), **more)


@settings(max_examples=60, deadline=None)
@given(per_minute=st.integers(1, 400), gaps=st.lists(st.floats(0, 40), max_size=40), rest=st.integers(0, 600))
def test_no_window_of_a_minute_has_more_than_the_limit(per_minute, gaps, rest):
    fake = FakeTime()
    limit = bucket(per_minute, fake)
    times = []
    for gap in [*gaps, *[0.0] * rest]:
        fake.now += gap
        limit.take()
        times.append(fake.now)
    for place, moment in enumerate(times):
        assert bisect_left(times, moment + 60) - place <= per_minute


@pytest.mark.parametrize(("per_minute", "at_once"), [(180, 18), (60, 6), (9, 1), (1, 1)])
def test_a_tenth_may_go_at_once_and_the_rest_over_the_minute(per_minute, at_once):
    fake = FakeTime()
    limit = bucket(per_minute, fake)
    for _ in range(at_once):
        limit.take()
    assert fake.now == 0
    for _ in range(per_minute * 10):
        limit.take()
    # Ten minutes' worth of requests takes ten minutes, give or take the tenth held back.
    assert 600 * 0.99 <= fake.now <= 600 / 0.9 + 60


def test_in_real_time():
    limit = RateLimit(180)
    begun = time.monotonic()
    for _ in range(18 + 4):
        limit.take()
    # Four more than the burst, at 163 a minute.
    assert time.monotonic() - begun >= 4 * 60 / 163 - 0.01


def test_a_hold_lets_nothing_go():
    fake = FakeTime()
    limit = bucket(180, fake)
    limit.hold(42)
    limit.take()
    assert 42 <= fake.now < 43


def test_another_limit_is_followed_from_then_on():
    fake = FakeTime()
    limit = bucket(6000, fake)
    limit.follow(60)
    for _ in range(66):
        limit.take()
    assert fake.now > 60
    limit.follow(6000)
    before = fake.now
    for _ in range(60):
        limit.take()
    assert fake.now - before < 2


def test_waiting_is_given_up_within_a_step():
    fake = FakeTime()
    limit = bucket(1, fake, cancelled=lambda: fake.now > 5)
    limit.take()
    with pytest.raises(Cancelled):
        limit.take()
    assert fake.now < 5.5
