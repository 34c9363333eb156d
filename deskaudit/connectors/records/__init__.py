"""Tables that a desk keeps or exports: people, calls, surveys, articles, time, money, audience, contacts.

Each kind is a short declaration: a struct of columns, and what one row becomes. All else is in `tables`.
"""
