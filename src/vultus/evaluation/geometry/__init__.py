"""The geometry of an embedding space under attributes that people can name (system 39)."""
