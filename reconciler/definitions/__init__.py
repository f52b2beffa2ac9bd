"""YAML in (strict, with places) and out (comments kept); the only room that knows YAML and JSON Schema."""
