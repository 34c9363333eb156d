"""Backups: jobs that should run, and the runs that tools printed."""
