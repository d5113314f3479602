"""Write trained models in formats that other programs read."""
