"""Sources to raw files: fetched from where the registry says, verified, with a receipt."""
