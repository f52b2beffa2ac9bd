"""The room that carries out plans."""
