"""Methods about expressions that go on over time."""
