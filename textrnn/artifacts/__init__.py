"""Trained models as folders: files, kinds, cards."""
