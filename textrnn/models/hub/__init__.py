"""TF-Hub text modules as layers and networks."""
