"""The main job: plan → pull → check → record, as a stream of events that knows no screen."""
