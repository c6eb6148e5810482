"""Research: the 45 methods, the judge, and what they share."""
