"""Machines: asset lists and inventories, network scans, and what they agree on."""
