"""What should happen: build, verify, fetch, mirror; pure."""
