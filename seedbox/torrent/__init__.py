"""The formats: bencode, metainfo, pieces, merkle, magnet; pure, knows nothing of the rest."""
