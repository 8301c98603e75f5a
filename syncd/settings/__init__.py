"""What the admin decides: the configuration file, policies, filters, where secrets are."""
