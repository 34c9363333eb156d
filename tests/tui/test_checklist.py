"""The manual audit: what was typed is in the database, at once and only that."""

from deskaudit.errors import ConfigError
from deskaudit.model.verdicts import Answer


def stored(desk):
    answers = desk.store.answers(5).values()
    return {one.question: (one.value, one.note) for one in answers if one.state == "confirmed"}


async def test_one_key_answers_and_goes_on(desk, open_app):
    async with open_app(desk) as app:
        await app.press("2", "tab")
        await app.press("j", "j", "tab")  # HD-15
        assert "HD-15" in app.text
        await app.press("y", "p")
        assert stored(desk) == {"HD-15.q1": ("yes", "Nobody told them."), "HD-15.q2": ("partly", "")}
        assert "HD-15.q2: partly, saved." in app.message
        assert "2 of 10 answered" in app.lines[1]


async def test_a_no_answers_at_once_and_owes_a_note(desk, open_app):
    async with open_app(desk) as app:
        await app.press("2", "n")
        assert stored(desk) == {"HD-01.q1": ("no", "")}
        assert "1 note owed" in app.lines[1]
        await app.press("k", "m")
        await app.type("They never met")
        assert stored(desk) == {"HD-01.q1": ("no", "They never met")}
        assert "note owed" not in app.lines[1]
        assert "note: They never met" in app.text


async def test_a_note_right_after_an_answer_is_that_answers(desk, open_app):
    async with open_app(desk) as app:
        await app.press("2", "tab", "j", "j", "tab", "j", "n")  # HD-15.q2; the cursor goes on to q3
        assert app.app.screen.question.id == "HD-15.q3"
        await app.press("m")
        assert app.message.startswith("Note to HD-15.q2:")
        await app.type("Nobody looks")
        assert stored(desk) == {"HD-15.q2": ("no", "Nobody looks")}
        assert app.app.screen.question.id == "HD-15.q3"
        await app.press("k", "j", "m")  # moved: now the note is of the question under the cursor
        assert "Answer first" in app.message


async def test_an_answer_says_how_many_its_item_waits_for(desk, open_app):
    async with open_app(desk) as app:
        await app.press("2", "y")
        assert app.message == "HD-01.q1: yes, saved. (counts once all of HD-01 are answered, 1 to go)"
        await app.press("enter")  # the offered 4 of q2
        assert app.message == "HD-01.q2: 4, saved."
        await app.press("y")  # HD-08 has one question
        assert app.message.startswith("HD-08.q1: yes, saved.")
        assert "counts" not in app.message


async def test_not_applicable_asks_for_the_reason(desk, open_app):
    async with open_app(desk) as app:
        await app.press("2", "x")
        assert "Not applicable, because:" in app.message
        await app.press("enter")
        assert stored(desk) == {}  # no reason, no answer
        assert "A reason is needed" in app.message
        await app.type("no audit before")
        assert stored(desk) == {"HD-01.q1": ("na", "no audit before")}


async def test_esc_keeps_the_draft_and_stores_nothing(desk, open_app):
    async with open_app(desk) as app:
        await app.press("2", "x", "a", "b", "c", "escape")
        assert stored(desk) == {}
        assert "comes back" in app.message
        await app.press("x")
        assert app.message.startswith("Not applicable, because: abc")
        await app.press("enter")
        assert stored(desk) == {"HD-01.q1": ("na", "abc")}


async def test_while_a_line_is_typed_keys_are_text(desk, open_app):
    async with open_app(desk) as app:
        await app.press("2", "x", "q", "1", "question_mark", "backspace", "left", "left", "y", "end", "z", "enter")
        assert stored(desk) == {"HD-01.q1": ("na", "yq1z")}
        assert app.app.is_running


async def test_an_offered_answer_counts_only_once_confirmed(desk, open_app):
    async with open_app(desk) as app:
        await app.press("2")
        assert "0 of 10 answered · 3 offered" in app.lines[1]
        assert "offered: yes; enter confirms" in app.text
        await app.press("enter")
        assert stored(desk) == {"HD-01.q1": ("yes", "")}
        assert "1 of 10 answered · 2 offered" in app.lines[1]


async def test_an_offered_note_comes_with_its_answer(desk, open_app):
    async with open_app(desk) as app:
        await app.press("2", "tab", "j", "j", "tab")
        await app.press("enter")
        assert stored(desk) == {"HD-15.q1": ("no", "Nobody told them.")}


async def test_undo_takes_back_step_by_step(desk, open_app):
    async with open_app(desk) as app:
        await app.press("2")
        await app.press("u")
        assert "Nothing was answered" in app.message
        await app.press("n", "k", "y")
        assert stored(desk)["HD-01.q1"] == ("yes", "")
        await app.press("u")
        assert stored(desk)["HD-01.q1"] == ("no", "")
        await app.press("u")
        assert stored(desk) == {}
        assert desk.store.answers(5)["HD-01.q1"] == Answer(
            question="HD-01.q1", value="yes", by="kari", state="offered",
            answered_at=desk.store.answers(4)["HD-01.q1"].answered_at, question_hash=desk.store.answers(4)["HD-01.q1"].question_hash,
        )  # fmt: skip
        assert [entry.action for entry in desk.store.journal(5)] == ["answer"] * 4


async def test_other_types_are_typed_and_checked(desk, open_app):
    async with open_app(desk) as app:
        await app.press("2", "j", "y")
        assert "asks for" in app.message
        assert stored(desk) == {}
        await app.press("full_stop")  # HD-08.q1 or the next open one
        await app.press("tab", "g", "tab", "j")
        await app.press("enter")  # the offered 4
        assert stored(desk) == {"HD-01.q2": ("4", "")}
        await app.press("tab", "g", "tab", "j", "enter", "backspace")
        await app.type("7")
        assert "A scale from 1 to 5." in app.message
        assert stored(desk) == {"HD-01.q2": ("4", "")}


async def test_next_open_walks_all_items_and_ends(desk, open_app):
    questions = 0
    async with open_app(desk) as app:
        await app.press("2")
        while questions < 20:
            questions += 1
            question = app.app.screen.question
            if question.type == "yes":
                await app.press("y")
            else:
                await app.press("enter")
                if app.app.screen.message.asking:
                    await app.type("by priority")
            if "10 of 10" in app.lines[1]:
                break
            await app.press("full_stop")
        assert len(stored(desk)) == 10
        await app.press("full_stop")
        assert "Every question is answered." in app.message


async def test_what_was_measured_stands_below_the_questions(desk, open_app):
    async with open_app(desk) as app:
        await app.press("2", "tab", "j", "j")
        assert "15.1 Promises kept in time" in app.line("Promises")
        assert "87.6 %" in app.line("Promises")
        await app.press("tab", "G", "k", "enter")
        assert "15.1 · high" in app.lines[1]
        await app.press("escape")
        assert "of 10 answered" in app.lines[1]


async def test_without_an_audit_keys_say_why_not(new_desk, open_app):
    async with open_app(new_desk) as app:
        for key in ("y", "x", "m", "u", "full_stop"):
            await app.press("2", key)
            assert "There is no audit yet" in app.message
        assert "(y yes)" in app.lines[-1]


async def test_answers_move_the_headline(desk, open_app):
    async with open_app(desk) as app:
        before = app.line("Assured")
        await app.press("2", "tab", "j", "tab", "y", "1")  # HD-08.q1
        assert app.line("Assured") != before
        assert "9 T TODO" in app.text


async def test_a_package_of_items_that_is_left_out_is_named(desk, open_app, monkeypatch):
    async with open_app(desk) as app:
        broken = app.app.session.catalogue.broken
        monkeypatch.setitem(broken, "deskaudit-board 1.0", ConfigError("its SQL is wrong"))
        await app.press("2")
        assert "deskaudit-board 1.0 left out, see: deskaudit doctor" in app.lines[1]
