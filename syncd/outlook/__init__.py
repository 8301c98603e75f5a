"""Mailboxes behind one port. A backend knows the model and its protocol, nothing else of syncd."""
