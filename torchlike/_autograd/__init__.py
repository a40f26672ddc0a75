"""Automatic differentiation: the tape that hangs on tensors, and the engine that walks it."""
