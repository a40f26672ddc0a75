"""The operations: one file a family, each a pure JAX function with PyTorch's signature and semantics."""
