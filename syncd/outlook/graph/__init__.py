"""Mailboxes on Exchange Online, through Microsoft Graph."""
