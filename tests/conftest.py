"""Settings for every test: property tests draw the same examples on every machine."""

from hypothesis import settings

settings.register_profile("seedbox", derandomize=True, deadline=None, print_blob=True)
settings.load_profile("seedbox")
