"""Customers as a CRM exports them: company, country and language, joined to tickets and calls by keyed hashes."""

from collections.abc import Iterable
from typing import ClassVar

from deskaudit.connectors.phones import check_region
from deskaudit.connectors.records.options import Columns
from deskaudit.connectors.records.tables import Cells, Reading, RecordTable
from deskaudit.connectors.tabular.cells import fold_text
from deskaudit.connectors.tabular.options import TableOptions
from deskaudit.connectors.tabular.sheets import RowFault
from deskaudit.i18n import _
from deskaudit.model.entities import Contact, Row


class ContactColumns(Columns, frozen=True, kw_only=True, forbid_unknown_fields=True):
    key: str | None = None
    email: str | None = None
    phone: str | None = None
    country: str | None = None
    language: str | None = None
    company: str | None = None

    help: ClassVar[dict[str, str]] = {
        "key": "The CRM's own number of the contact; left out: the address, else the telephone number.",
        "email": "The address; kept as a keyed hash only.",
        "phone": "The telephone number; kept as a keyed hash of its international form only.",
        "country": "The country.",
        "language": "The language.",
        "company": "The company.",
    }

    def __post_init__(self) -> None:
        self.need("email", "phone")


class ContactOptions(TableOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The options of `type = "contacts"`."""

    columns: ContactColumns
    region: str = ""

    help: ClassVar[dict[str, str]] = {
        **TableOptions.help,
        "columns": "Model field = column name; email or phone is needed.",
        "region": "The country of numbers without a country code: NO, ES, …",
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        check_region(self.region)


class _Contacts(Reading):
    entity = "contact"
    fills: ClassVar = {"contact": ()}

    def take(self, row: Cells) -> Iterable[Row]:
        """One customer. What names one stays out of the snapshot: the id is made of it, and the hashes are keyed."""
        email, phone = row.person("email"), row.phone("phone")
        said = fold_text(row.raw("key")) or email or phone
        if not said:
            raise RowFault("", _("nothing tells who it is: no address, number or key"))
        identity = self.identify(row, said)
        if identity is not None:
            yield Contact(
                id=self.context.key("contact", identity),
                email_hash=email,
                phone_hash=phone,
                **row.plain(Contact),
            )


class Contacts(RecordTable):
    """`type = "contacts"`: files are read whole each time."""

    name = "contacts"
    title = "Customers from a CRM: company, country, language (CSV)"
    options = ContactOptions
    reading = _Contacts
