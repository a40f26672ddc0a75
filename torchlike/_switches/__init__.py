"""What programs ask of the whole library, or set for all of it: functions of ``torch``, a kind a file."""
