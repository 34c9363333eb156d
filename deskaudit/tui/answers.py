"""Answering: what one key does to one question, with an undo of this sitting. Every change is stored before it is shown."""

import getpass
from collections.abc import Mapping
from typing import Any

import msgspec

from deskaudit.checks.spec import Question
from deskaudit.i18n import _
from deskaudit.model.verdicts import Answer, Status
from deskaudit.store import Store

YES_WORDS = {"yes": _("yes"), "partly": _("partly"), "no": _("no"), "na": _("not applicable")}


def is_done(answer: Answer | None) -> bool:
    """Offered answers count only once confirmed."""
    return answer is not None and answer.state == "confirmed"


def owes_note(question: Question, answer: Answer | None) -> bool:
    """A no owes a note (ruling 19): it is listed until it is there."""
    return (
        question.type == "yes" and is_done(answer) and answer is not None and answer.value == "no" and not answer.note
    )


def in_words(question: Question, answer: Answer) -> str:
    return YES_WORDS.get(answer.value, answer.value) if question.type == "yes" or answer.value == "na" else answer.value


def still_to_go(item: str, weights: Mapping[str, Any], known: Mapping[str, Answer]) -> str:
    """Why an answer has not moved the headline yet, as the item's other questions are open; "" where it has.

    weights: those pinned in the audit.
    """
    from deskaudit.checks import scoring

    asked = weights.get("items", {}).get(item, {}).get("questions", {})
    given = {name: answer for name, answer in known.items() if is_done(answer)}
    left = sum(name not in given and not question["scope"] for name, question in asked.items())
    if not left or scoring.manual_status(asked, given) is not Status.TODO:
        return ""  # all are there, or what is open can no longer change the verdict
    return _(" (counts once all of {item} are answered, {n} to go)").format(item=item, n=left)


def refuse(question: Question, text: str) -> str:
    """Why `text` is no answer to the question; "" where it is one."""
    match question.type:
        case "scale" if text not in {"1", "2", "3", "4", "5"}:
            return _("A scale from 1 to 5.")
        case "choice" if text not in question.choices:
            return _("One of: {choices}.").format(choices=", ".join(question.choices))
        case "number":
            try:
                float(text)
            except ValueError:
                return _("A number, as 12 or 3.5.")
        case "date":
            from datetime import date

            try:
                date.fromisoformat(text)
            except ValueError:
                return _("A date, as 2026-07-31.")
        case _ if not text.strip():
            return _("Some text.")
    return ""


def expects(question: Question) -> str:
    """What an answer to the question looks like, for the prompt."""
    return {
        "scale": _("1 to 5:"),
        "choice": _("{choices}:").format(choices=" / ".join(question.choices)),
        "number": _("Number:"),
        "date": _("Date (2026-07-31):"),
        "evidence": _("File, link or what you saw:"),
    }.get(question.type, _("Answer:"))


class Sitting:
    """The answers of one audit while somebody answers."""

    def __init__(self, store: Store, audit_id: int, hashes: Mapping[str, str]) -> None:
        self._store = store
        self.audit_id = audit_id
        self._hashes = hashes
        self._undo: list[tuple[str, Answer | None]] = []
        self._by = _user()
        self.answers = store.answers(audit_id)

    @property
    def can_undo(self) -> bool:
        return bool(self._undo)

    def answer(self, question: str, value: str, note: str | None = None) -> None:
        """Confirms `value`. The note stays unless another is given."""
        before = self.answers.get(question)
        kept = before.note if before is not None and note is None else note or ""
        self._save(
            Answer(
                question=question,
                value=value,
                note=kept,
                by=self._by,
                question_hash=self._hashes.get(question, before.question_hash if before else ""),
            )
        )

    def write_note(self, question: str, note: str) -> bool:
        """Adds or changes the note of an answer; False where there is no answer yet."""
        before = self.answers.get(question)
        if before is None:
            return False
        self._save(msgspec.structs.replace(before, note=note, by=self._by, answered_at=0))
        return True

    def undo(self) -> str | None:
        """Takes the last change back; the question it was about."""
        if not self._undo:
            return None
        question, before = self._undo.pop()
        if before is None:
            self._store.unanswer(self.audit_id, question, by=self._by)
        else:
            self._store.answer(self.audit_id, before)
        self.answers = self._store.answers(self.audit_id)
        return question

    def _save(self, answer: Answer) -> None:
        before = self.answers.get(answer.question)
        self._store.answer(self.audit_id, answer)
        self._undo.append((answer.question, before))
        self.answers = self._store.answers(self.audit_id)


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return ""
