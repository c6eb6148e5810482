"""What a face shows, in single pictures."""
