"""Recordings to transcripts: fetched with permission, heard on this machine, the sound thrown away."""
