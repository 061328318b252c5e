"""Direct collocation: one file a noun, from transcription to published answer; `Collocation` is its solver."""
