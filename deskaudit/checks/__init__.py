"""Checks: what an item file says, the engine that runs it, and the score that follows."""
