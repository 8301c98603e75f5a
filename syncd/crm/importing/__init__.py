"""Import: files of other programs into the store. A bad row stays out, the others go in (P10)."""
