"""The eight gates, one file each; every module here is loaded by the registry."""
