"""Scores, reports and baselines of trained models."""
