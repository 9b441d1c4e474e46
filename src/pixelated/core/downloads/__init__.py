"""Files from a place to this machine: from the byte where it stopped, verified, renamed when whole."""
