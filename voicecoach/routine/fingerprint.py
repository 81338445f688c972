"""Tells whether a routine's content is still what somebody approved, or heard: SHA-256 of the parts that matter.

Only what the file says counts, in a fixed order: comments, layout, and fields that keep their default change nothing.
"""

from __future__ import annotations

import hashlib
import json

from voicecoach.routine.model import Routine

_APPROVED = frozenset({"exercises", "precautions", "red_flags"})
_INTRODUCED = frozenset({"about", "precautions", "red_flags"})


def approval_fingerprint(routine: Routine) -> str:
    """Changes when the exercises or the precautions do: an approval holds for one of these."""
    return _fingerprint(routine, _APPROVED)


def introduction_fingerprint(routine: Routine) -> str:
    """Changes when what is said before the first exercise does."""
    return _fingerprint(routine, _INTRODUCED)


def _fingerprint(routine: Routine, fields: frozenset[str]) -> str:
    content = routine.model_dump(mode="json", include=set(fields), exclude_defaults=True)
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
