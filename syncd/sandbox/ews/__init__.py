"""The SOAP face of the sandbox: Exchange Web Services over the mailboxes."""
