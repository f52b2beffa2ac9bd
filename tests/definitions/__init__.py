"""Tests of the package that reads and writes YAML files."""
