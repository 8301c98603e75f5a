"""Microsoft Graph over the same mailboxes."""
