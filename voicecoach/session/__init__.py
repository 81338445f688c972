"""WHEN and WHY: the pure session. No I/O, no clock, no threads, no audio."""
