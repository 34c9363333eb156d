"""Measurements of deskaudit beside other tools, on made-up data that is the same everywhere. `python -m benchmarks`."""
