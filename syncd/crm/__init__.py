"""The local CRM store: leads, accounts, contacts, opportunities, activities, and their rules.

`Crm` (in `api`) is what programs use: one method for one business action.
"""
