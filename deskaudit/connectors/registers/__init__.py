"""The registers that a desk keeps itself: procedures, rules, promises, goals, proofs. Plain TOML files in one folder."""
