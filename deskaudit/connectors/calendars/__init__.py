"""Calendars (iCalendar): who was on shift, booked or away, and when."""
