"""A trained model as a folder: its files, its kinds, its card."""
