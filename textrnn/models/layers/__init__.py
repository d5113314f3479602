"""Custom Keras layers."""
