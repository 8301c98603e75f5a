"""The local CRM store: tables, records and their change feed, users, accounts, import."""
