"""Trains the small heads of the neural keyword spotter; needed by nobody who only uses the program."""
