"""Trained networks in NumPy: cells, stacks, sampling, generation, classification."""
