"""Tests of the room that knows YAML and JSON Schema."""
