"""Training tasks, one module per kind of model."""
