"""The functions of other packages over Vultus: change the import, keep the program (docs/migrating.md)."""
