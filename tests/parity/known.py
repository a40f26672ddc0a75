"""What differs from PyTorch, and why: a row that holds again must be taken out of this list."""

# a test's id, or an operation's name for all its dtypes
KNOWN: dict[str, str] = {}
