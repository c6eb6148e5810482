"""The `vultus` command: one short file per verb; what they share stands in options, build, scan, record and console."""
