"""Parts that several methods are built from; each knows no method."""
