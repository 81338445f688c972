"""What the routines' source leaves open and a routine file may override: our defaults, all in one place.

None of these is a dose. Durations are seconds.
"""

LEAD_IN = 4.0
"""Between "hold for 15 seconds, from the chime" and that chime: time to get into position."""
RESUME_LEAD_IN = 4.0
"""At least this long after a pause, where the position was let go."""
REST = 5.0
"""Between two repetitions of a stretch."""
CHANGE_OVER = 4.0
"""After "now the left arm": time to swap hands."""
BETWEEN_EXERCISES = 3.0
AFTER_SENTENCE = 0.5
"""A breath between two sentences."""
AFTER_HOLD = 1.0
"""After the end chime, before anything else is said."""
AFTER_SELF_TRIGGER = 1.0
"""At least this long after a prompt that the ear would take for a command: its echo has died away by then, and what is
heard next was said by somebody else."""
SHORTEST_GAP = 0.3
"""However fast the session runs, sentences stay apart."""

HALF_WAY_FROM = 10.0
"""Holds shorter than this have no half-way mark: it would fall among the ticks."""
TICKS = 3
"""The last seconds of a hold that are ticked."""
FIRST_TICK = 0.5
"""No tick sooner after the start chime, which is still sounding."""

ANSWER_TIME = 8.0
"""How long a question waits before it is asked once more, and again before the session waits."""
ANSWER_NOT_BEFORE = 1.0
"""So much of a question has to have sounded: what was said, or pressed to skip ahead, before that answers nothing."""
DOUBT_AGAIN_AFTER = 0.5
"""Once "did something hurt?" is over and its echo has died away, what sounds like pain is the answer to it."""
STOP_GRACE = 2.0
"""After "stop" the ear stays open this long: "stop, it hurts" is pain, not stop."""

SLOWEST, FASTEST = 0.5, 2.0
SPEED_STEP = 1.15
"""One "slower" or "faster"."""
VOLUME_STEP = 1.41
"""One "louder" or "quieter": 3 dB."""
QUIETEST, LOUDEST = 0.25, 2.83
"""-12 to +9 dB."""
