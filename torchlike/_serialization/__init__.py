"""PyTorch's files: a zip archive with a pickle and the memory of each storage, or the older row of pickles."""
