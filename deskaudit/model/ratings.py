"""What counts as a satisfied answer, on every scale that surveys use."""


def judge(score: float | None, scale_min: float, scale_max: float) -> tuple[bool | None, bool | None]:
    """(satisfied, low) of one answer; (None, None) for a survey without an answer.

    Satisfied is 4–5 of 5, 8–10 of 10 and "good" of good/bad: the top two fifths of the scale's steps, counted from
    the bottom step. Low is 1–2 of 5, 1–4 of 10 (0–4 where the scale begins at 0) and "bad".
    """
    if score is None:
        return None, None
    if scale_max - scale_min <= 1:  # good or bad
        return score >= scale_max, score <= scale_min
    share = score / scale_max
    return share >= 0.8, share <= 0.4
