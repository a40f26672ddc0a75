"""Compiled functions: captured by the recorder, replayed without Python as long as what they read is as it was."""
