"""Methods about emotions seen through more than a face."""
