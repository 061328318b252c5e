"""Images built and run for real: by the engine that is there, else by Debian's docker, borrowed for the while."""
