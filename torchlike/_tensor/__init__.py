"""The methods of `Tensor`, a class for each family."""
