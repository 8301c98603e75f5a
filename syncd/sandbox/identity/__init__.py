"""The sign-in of the sandbox: a tenant with applications, and the tokens that it gives out."""
