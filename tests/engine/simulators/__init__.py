"""Clouds in miniature for the real engine: plugins that keep what they are told, and refuse what a cloud would."""
