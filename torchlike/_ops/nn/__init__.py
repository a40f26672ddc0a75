"""Operations of neural network layers, one file a family."""
