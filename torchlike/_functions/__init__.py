"""Functions made of operations: those that look at values, make several views, or choose between operations."""
