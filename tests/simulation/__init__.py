"""The simulator: histories drawn from seeds, played on the real engine and store, and checked."""
