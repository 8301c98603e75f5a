"""Signing in: who syncd is to a server, and the tokens that prove it."""
