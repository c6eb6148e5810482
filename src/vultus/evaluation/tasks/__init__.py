"""One file per task of `vultus evaluate`: scores of any system in, a report out."""
