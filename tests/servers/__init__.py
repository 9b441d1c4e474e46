"""Real servers on 127.0.0.1 for tests: each is a context manager with `.url` that stops what it started."""
