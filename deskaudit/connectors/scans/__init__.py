"""Network scans that somebody made: nmap and masscan files, what changed between two, and links that must be open."""
