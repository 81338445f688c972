"""HOW it sounds: clips, the mixer and the devices."""
