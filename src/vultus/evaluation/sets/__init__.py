"""Published data sets as they lie on the disk: one file per layout, nothing downloaded."""
