"""HOW it speaks: text to clips."""
