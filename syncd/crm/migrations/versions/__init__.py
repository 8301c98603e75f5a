"""The revisions, in order. A file is named after its revision: `0001_crm_tables.py`."""
