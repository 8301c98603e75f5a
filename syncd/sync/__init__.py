"""One run of one mailbox: observe, decide, journal, execute, settle."""
