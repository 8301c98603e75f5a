"""Export: what the store holds, into files that an import takes back."""
