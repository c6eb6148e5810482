"""The HTTP service: `vultus serve`. Light to import: the sandbox of the decoder is started from here."""
