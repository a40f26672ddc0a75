"""Programs that measure torchlike beside PyTorch and beside hand-written JAX; run from the repository's root."""
