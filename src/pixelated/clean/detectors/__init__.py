"""One file per family of identifiers; every module here is loaded by the registry."""
