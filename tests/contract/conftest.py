"""Needs nothing: every platform is recorded (`infra.recorder`), and what it declares is looked at."""
