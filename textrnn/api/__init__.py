"""The Python interface: trained models as objects, and the functions that train them."""
