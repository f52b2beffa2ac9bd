"""A plan as a file: written, sealed with a digest, and read back as the same plan."""
