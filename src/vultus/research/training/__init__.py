"""The one training loop of all methods, and what it keeps."""
