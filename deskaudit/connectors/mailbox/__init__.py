"""Mailboxes by their headers: each mail to or from the desk is a contact that should have become a ticket.

Bodies are never asked for, read or kept; of the headers the snapshot keeps a time, a direction, a keyed hash of the other
side's address and, where a pattern finds one, the ticket. `headers` reads one mail, `contacts` makes rows of it, `imap`
and `mbox` are the two ways to come by headers.
"""
