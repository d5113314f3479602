"""Paths of the repository."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CORPORA = ROOT / "corpora"
SCRIPTS = ROOT / "scripts"
