"""Names of people, places, streets and organisations: a small sequence tagger, and what gates it."""
