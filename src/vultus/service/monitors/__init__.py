"""Monitors: cameras, streams and films that are watched, and who comes and goes in them."""
