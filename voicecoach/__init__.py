"""voicecoach: a voice-guided, hands-free session player."""

__version__ = "0.1.0"
