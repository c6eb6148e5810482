"""Pixels to faces: decode, detect, align, embed, quality, tracking, and the engine that wires them."""
