"""Items: popularity tables, packing into tar shards, renditions and their encoders."""
