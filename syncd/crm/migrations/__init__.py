"""The one linear history of the database: the CRM's tables, and those of the sync engine."""
