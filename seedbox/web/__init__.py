"""Asking web servers: documents and byte ranges by HTTP, each bounded in time and size."""
