"""syncd keeps every sales person's Outlook in step with the CRM."""
