"""LED strips and summary screens."""
