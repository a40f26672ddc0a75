"""PyTorch's CPU random numbers, bit for bit, over NumPy: an engine of words and the distributions on it."""
