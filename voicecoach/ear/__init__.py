"""HOW it hears: microphone blocks to commands."""
