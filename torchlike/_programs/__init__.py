"""What runs: abstract values, traced operations, compiled programs and their cache, what is told of them."""
