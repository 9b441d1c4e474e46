"""Build, prove and use the training corpus of a language model for training therapists."""
