"""Methods about expressions that last a fraction of a second."""
