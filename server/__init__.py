"""The roof: wiring only, never a rule or a query."""
