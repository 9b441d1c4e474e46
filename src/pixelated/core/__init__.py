"""What every area may import: the record schema, results, stores, engines, registries, errors."""
