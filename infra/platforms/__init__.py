"""One folder a platform, with the same file and class names; a cloud's SDK is imported only in its own."""
