"""One session of GLPI's REST API: opened with a token, closed at the end, lists read by range."""

import re
from collections.abc import Iterator
from typing import Any, Self

from deskaudit.connectors import Context
from deskaudit.connectors.access import find_key, open_client
from deskaudit.connectors.faults import Fault
from deskaudit.connectors.http import Answer, Client, HttpError
from deskaudit.connectors.lists import complain
from deskaudit.connectors.machines.glpi.options import Options
from deskaudit.connectors.pace import RateLimit, Timing
from deskaudit.errors import SourceError
from deskaudit.i18n import _
from deskaudit.secrets import Secret
from deskaudit.text import one_line

BEYOND = "ERROR_RANGE_EXCEED_TOTAL"
_AUTH = re.compile(r"ERROR_(GLPI_LOGIN|LOGIN_|WRONG_APP_TOKEN|APP_TOKEN)\w*")
_EXPIRED = re.compile(r"ERROR_SESSION_TOKEN_\w+")
_FORBIDDEN = re.compile(r"ERROR_(RIGHT_MISSING|NOT_ALLOWED_IP|API_DISABLED)\w*")
CONTENT_RANGE = re.compile(r"\s*\d+\s*-\s*\d+\s*/\s*(\d{1,9})\s*")
MOST_ROWS = 5_000_000


class Session:
    """An open session. Every failure is an HttpError, a SecretError or Cancelled.

    `retries`: how often each question is tried again; None for a pull's patience.
    """

    def __init__(self, options: Options, context: Context, timing: Timing, *, retries: int | None = None) -> None:
        self._options = options
        self._retries = retries
        self._limit = RateLimit(
            options.requests_per_minute, timing=timing, cancelled=context.cancelled, waiting=context.waiting
        )
        self._closing = RateLimit(600, timing=timing)  # a session is closed even where the user said stop
        user = find_key(options.user_token, "user_token", context)
        secrets = [user]
        headers: dict[str, str | Secret] = {"Content-Type": "application/json"}
        if options.app_token is not None:
            headers["App-Token"] = find_key(options.app_token, "app_token", context)

        def client(own: dict[str, str | Secret], limit: RateLimit) -> Client:
            return open_client(
                options.root,
                options,
                context,
                limit=limit,
                timing=timing,
                headers={**headers, **own},
                secrets=secrets,
            )

        with client({"Authorization": Secret(f"user_token {user.reveal()}")}, self._limit) as door:
            opened = door.get("/initSession", accept=_complain_session, judge=judge, retries=retries)
        token = opened.json()["session_token"]
        secrets.append(Secret(token))
        self._client = client({"Session-Token": Secret(token)}, self._limit)
        self._exit = client({"Session-Token": Secret(token)}, self._closing)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_fault: object) -> None:
        try:
            self._exit.get("/killSession", judge=judge, retries=0)
        except SourceError:
            pass  # a session that nobody closes ends by itself
        finally:
            self._client.close()
            self._exit.close()

    def page(
        self, itemtype: str, start: int, *, size: int | None = None, names: bool = False
    ) -> tuple[list[Any], int | None]:
        """Rows from `start` on, and how many there are in all; None where the server does not say.

        `names`: with names in the place of ids. Not for lists whose rows belong to items: their items_id would be a name.
        """
        size = size or self._options.page_size
        params: dict[str, str | int | Secret] = {
            "range": f"{start}-{start + size - 1}",
            "sort": "id",
            "order": "ASC",
            "get_hateoas": "false",
            "expand_dropdowns": "true" if names else "false",
        }
        try:
            answer = self._client.get(
                f"/{itemtype}/",
                params,
                accept=lambda answer: complain(answer, list),
                judge=judge,
                retries=self._retries,
            )
        except HttpError as fault:
            if BEYOND in fault.message:
                return [], start
            raise
        found = CONTENT_RANGE.fullmatch(answer.headers.get("Content-Range", ""))
        rows: list[Any] = answer.json()
        if found and int(found[1]) >= start + len(rows):
            return rows, min(int(found[1]), MOST_ROWS)
        if found:
            return rows, None  # told less than it gives: read to the end
        return rows, start + len(rows) if answer.status == 200 else None

    def rows(self, itemtype: str) -> Iterator[dict[str, Any]]:
        """All rows of a list, with ids. One that has no end is an HttpError, as all that goes wrong."""
        start = 0
        before: list[Any] = []
        while start < MOST_ROWS:
            rows, total = self.page(itemtype, start)
            if rows and rows == before:
                break
            yield from (row for row in rows if isinstance(row, dict))
            start += len(rows)
            if not rows or (total is not None and start >= total):
                return
            before = rows
        raise HttpError(
            _("{itemtype}: the list has no end.").format(itemtype=itemtype),
            kind="bad_answer",
            hint=_("Check the address in the config, and GLPI's own log."),
            status=200,
        )


def judge(answer: Answer) -> Fault | None:
    """GLPI's errors: a list of a code and a text, whatever the status."""
    try:
        body = answer.json()
    except ValueError:
        return None
    if not (isinstance(body, list) and body and isinstance(body[0], str)):
        return None
    code = one_line(body[0], 80)
    said = one_line(re.sub(r"<[^>]*>", " ", body[1]), 160) if len(body) > 1 and isinstance(body[1], str) else ""
    message = f"{code}: {said}" if said else code
    if _EXPIRED.fullmatch(code):
        return Fault("expired", message, hint=_("The session ended; pull again."))
    if _AUTH.fullmatch(code):
        return Fault(
            "auth", message, hint=_("Check user_token (the user's settings) and app_token (Setup, General, API).")
        )
    if _FORBIDDEN.fullmatch(code):
        return Fault("forbidden", message, hint=_("Give the token's profile the right to read this, in all entities."))
    if answer.status >= 500 or answer.status == 429:
        return None
    return Fault("bad_answer", message, hint=_("Check the address in the config, and GLPI's own log."))


def _complain_session(answer: Answer) -> str | None:
    try:
        body = answer.json()
    except ValueError as fault:
        return _("no session: {why}.").format(why=fault)
    token = body.get("session_token") if isinstance(body, dict) else None
    good = isinstance(token, str) and re.fullmatch(r"[!-~]{4,500}", token)
    return None if good else _("no session: the answer has no session_token.")
