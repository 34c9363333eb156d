"""What programs report from inside machines: hardware, system, software and settings, one file or several per host."""
