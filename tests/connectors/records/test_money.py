"""Finance and audience: amounts as people write them, and the periods they belong to."""

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from deskaudit.connectors.records.money import read_amount, read_period
from deskaudit.errors import SourceError


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).astimezone(UTC).timestamp())


FINANCE = """
[sources.desk]
type = "finance"
path = "t.csv"
decimal = ","
zone = "Europe/Oslo"
max_bad_share = 1.0
[sources.desk.columns]
period = "Måned"
cost = "Kost"
revenue = "Inntekt"
budget = "Budsjett"
seats_paid = "Lisenser"
seat_price = "Pris"
"""
HEAD = "Måned;Kost;Inntekt;Budsjett;Lisenser;Pris\n"


def test_periods_to_the_cent(pull):
    rows = "2026-03;1.234,56 kr;NOK 2 000,10;(5,00);10;99,90\n04/2026;-12,00;;1.000;;\n"
    pulled = pull(FINANCE, {"t.csv": HEAD + rows})
    march, april = pulled.rows("finance_period")
    assert (march.started_at, march.ended_at) == (at("2026-03-01T00:00+01:00"), at("2026-04-01T00:00+02:00"))
    assert (march.cost, march.revenue, march.budget) == (1234.56, 2000.10, -5.0)
    assert (march.seats_paid, march.seat_price, march.currency) == (10, 99.9, "NOK")
    assert (april.cost, april.revenue, april.budget, april.currency) == (-12.0, None, 1000.0, None)
    assert any("Several currencies: NOK, none named" in problem.message for problem in pulled.problems)


def test_postings_add_up(pull):
    text = """
[sources.desk]
type = "finance"
path = "t.csv"
currency = "EUR"
[sources.desk.columns]
period = "Date"
kind = "Account"
amount = "Amount"
[sources.desk.kinds]
Pay = "cost"
Licences = "cost"
Sales = "revenue"
"""
    rows = '2026-03-01,Pay,1000.10\n2026-03-20,Licences,0.20\n2026-03-31,Sales,"2,000.05"\n2026-03-31,Licences,0.20\n2026-03-31,Licences,0.20\n'
    march = pull(text, {"t.csv": "Date,Account,Amount\n" + rows}).only("finance_period")
    assert (march.cost, march.revenue, march.currency) == (1000.7, 2000.05, "EUR")


def test_from_and_to(pull):
    text = FINANCE.replace('period = "Måned"', 'started_at = "A"\nended_at = "B"')
    head = HEAD.replace("Måned", "A;B")
    pulled = pull(text, {"t.csv": head + "2026-01-01;2026-03-31;5;;;;\n2026-04-01;2026-03-01;5;;;;\n"})
    row = pulled.only("finance_period")
    assert (row.started_at, row.ended_at) == (at("2026-01-01T00:00+01:00"), at("2026-04-01T00:00+02:00"))
    assert pulled.rejects[0].reason == "it ends before it begins"


@pytest.mark.parametrize("day", ["9999-12-31T23:59:59", "9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+12:00"])
def test_a_day_at_the_end_of_all_days_is_a_bad_row(pull, day):
    pulled = pull(FINANCE, {"t.csv": HEAD + f"{day};1,00;;;;\n2026-03;2,00;;;;\n"})
    assert [row.cost for row in pulled.rows("finance_period")] == [2.0]
    assert len(pulled.rejects) == 1


def test_days_of_numbers_alone_mean_their_months(pull):
    """As a ledger writes the day of a posting; the cells prove which number is the day."""
    pulled = pull(FINANCE, {"t.csv": HEAD + "03.07.2026;1,00;;;;\n13.07.2026;2,00;;;;\n01.08.2026;4,00;;;;\n"})
    assert [(row.started_at, row.cost) for row in pulled.rows("finance_period")] == [
        (at("2026-07-01T00:00+02:00"), 3.0),
        (at("2026-08-01T00:00+02:00"), 4.0),
    ]
    with pytest.raises(SourceError, match=r'"03\.07\.2026"'):  # March or July: nothing tells
        pull(FINANCE, {"t.csv": HEAD + "03.07.2026;1,00;;;;\n"})


def test_a_bad_amount_keeps_the_row_out(pull):
    pulled = pull(FINANCE, {"t.csv": HEAD + "2026-03;1,234.56;1;;;\nsoon;1;;;;\n2026-05;EUR 1;USD 2;;;\n"})
    assert pulled.rows("finance_period") == []
    assert [reject.reason for reject in pulled.rejects] == [
        'Kost: "1,234.56" is no amount where the decimal mark is ","',
        'Måned: "soon" is no period',
        "two currencies in one row: EUR, USD",
    ]


@pytest.mark.parametrize(
    ("text", "decimal", "amount", "currency"),
    [
        ("1.234,56", ",", "1234.56", ""),
        ("1 234,56 €", ",", "1234.56", "EUR"),
        ("1\u00a0234\u202f567,8", ",", "1234567.8", ""),
        ("1'234.50", ".", "1234.50", ""),
        ("$1,234.50", ".", "1234.50", "USD"),
        ("-1.234", ",", "-1234", ""),
        ("1.234-", ",", "-1234", ""),
        ("(1,234.00)", ".", "-1234.00", ""),
        ("\u221212,5", ",", "-12.5", ""),
        ("100,-", ",", "100", ""),
        ("kr 12", ",", "12", ""),
        (".5", ".", "0.5", ""),
        ("0", ".", "0", ""),
    ],
)
def test_amounts(text, decimal, amount, currency):
    assert read_amount(text, decimal) == (Decimal(amount), currency)


@pytest.mark.parametrize(
    ("text", "decimal"),
    [
        ("1,234.56", ","), ("1.234,56", "."), ("12.34", ","), ("1.23.456", ","), ("--5", "."), ("(5", "."), ("5)", "."),
        ("EUR 5 USD", "."), ("five", "."), ("", "."), ("1e5", "."), ("9" * 20, "."), ("1 2", "."), ("-(5)", "."),
    ],
)  # fmt: skip
def test_what_is_no_amount(text, decimal):
    with pytest.raises(ValueError):
        read_amount(text, decimal)


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2026", "2026-01-01", "2027-01-01"),
        ("2026-Q1", "2026-01-01", "2026-04-01"),
        ("Q4 2026", "2026-10-01", "2027-01-01"),
        ("202612", "2026-12-01", "2027-01-01"),
        ("12/2026", "2026-12-01", "2027-01-01"),
        ("March 2026", "2026-03-01", "2026-04-01"),
        ("marzo de 2026", "2026-03-01", "2026-04-01"),
        ("août 2026", "2026-08-01", "2026-09-01"),
        ("juillet 2026", "2026-07-01", "2026-08-01"),
        ("desember 2026", "2026-12-01", "2027-01-01"),
        ("Ιούλ 2026", None, None),
        ("13/2026", None, None),
        ("soon", None, None),
    ],
)
def test_periods(text, start, end):
    expected = None if start is None else (at(start + "T00:00+00:00"), at(end + "T00:00+00:00"))
    assert read_period(text, ZoneInfo("UTC")) == expected


GOOGLE = """# ----------------------------------------
# Demographic details: Country
# Account: Nordlys
# Property: desk "help"
# ----------------------------------------
#
# All Users
# Start date: 20260701
# End date: 20260731
Country,Active users,New users
,1250,1
Norway,1000,1
"Congo, the",200,1
(not set),50,1
"""
AUDIENCE = """
[sources.desk]
type = "audience"
path = "t.csv"
max_bad_share = 1.0
[sources.desk.columns]
country = "Country"
users = "Active users"
"""


def test_google_analytics(pull):
    pulled = pull(AUDIENCE, {"t.csv": GOOGLE})
    assert [(row.country, row.users) for row in pulled.rows("audience")] == [
        ("Norway", 1000), ("Congo, the", 200), (None, 50),
    ]  # fmt: skip
    assert {(row.started_at, row.ended_at) for row in pulled.rows("audience")} == {
        (at("2026-07-01T00:00+00:00"), at("2026-08-01T00:00+00:00"))
    }
    assert pulled.rejects == []


def test_a_second_table_is_told(pull):
    second = "# ----\n# Start date: 20260701\nNth day,Active users\n0000,33\n"
    pulled = pull(AUDIENCE, {"t.csv": GOOGLE + second})
    assert len(pulled.rows("audience")) == 3
    assert any("does a second table follow" in reject.reason for reject in pulled.rejects)


def test_a_file_that_names_no_period(pull):
    plain = "Country,Active users\nNorway,5\n"
    with pytest.raises(SourceError, match="which period"):
        pull(AUDIENCE, {"t.csv": plain})
    text = AUDIENCE.replace('path = "t.csv"', 'path = "t.csv"\nperiod = "2026-Q2"')
    assert pull(text, {"t.csv": plain}).only("audience").ended_at == at("2026-07-01T00:00+00:00")
