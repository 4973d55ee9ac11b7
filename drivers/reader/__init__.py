"""What reads: identity cards and codes. A reading is told once and forgotten here."""
