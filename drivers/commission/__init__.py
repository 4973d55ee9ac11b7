"""Putting a hall's machines into service: find them, try them, declare them, watch and record their lines."""
