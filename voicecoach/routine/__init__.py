"""WHAT is practised: routines as YAML text and as frozen objects."""
